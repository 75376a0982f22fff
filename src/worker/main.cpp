// The main of every dnnbench-engine-<name>.
#include "worker/serve.h"

int main() { return dnnbench::serve_engine(); }
