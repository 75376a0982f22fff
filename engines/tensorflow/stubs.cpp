#include "operators.h"
namespace dnnbench::tf {
#define STUB(x) std::vector<OperatorEntry> x() { return {}; }
STUB(attention_operators)  STUB(loss_operators) 
  STUB(sampling_operators) STUB(sequence_operators) STUB(signal_operators) STUB(text_operators)
}
