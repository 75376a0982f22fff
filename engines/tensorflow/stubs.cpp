#include "operators.h"
namespace dnnbench::tf {
#define STUB(x) std::vector<OperatorEntry> x() { return {}; }
STUB(attention_operators) STUB(control_flow_operators) STUB(loss_operators) STUB(quantized_operators)
STUB(recurrent_operators) STUB(resize_operators) STUB(sampling_operators) STUB(sequence_operators) STUB(signal_operators) STUB(text_operators)
}
