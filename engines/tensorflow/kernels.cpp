#include "kernels.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "check.h"
#include "import/wire.h"

namespace dnnbench::tf {
namespace {

using import::Bytes;
using import::WireReader;

struct Constraint {
  std::string attribute;
  std::vector<TF_DataType> types;
};

using Kernel = std::vector<Constraint>;

// Field numbers are those of TensorFlow's .proto files.
// attr_value.proto: AttrValue.list = 1, ListValue.type = 6.
std::vector<TF_DataType> read_types(Bytes value) {
  std::vector<int64_t> numbers;
  for (WireReader field(value); field.next();) {
    if (field.field() != 1) continue;
    for (WireReader member(field.bytes()); member.next();) {
      if (member.field() == 6) append_integers(member, numbers);
    }
  }
  std::vector<TF_DataType> types;
  for (const int64_t number : numbers) types.push_back(static_cast<TF_DataType>(number));
  return types;
}

// kernel_def.proto: KernelDef.AttrConstraint.name = 1, allowed_values = 2.
Constraint read_constraint(Bytes message) {
  Constraint constraint;
  for (WireReader field(message); field.next();) {
    if (field.field() == 1) constraint.attribute = field.text();
    if (field.field() == 2) constraint.types = read_types(field.bytes());
  }
  return constraint;
}

// KernelDef.device_type = 2, constraint = 3, label = 5. nullopt: not one that is taken by itself.
std::optional<Kernel> read_kernel(Bytes message) {
  Kernel kernel;
  bool usable = true;
  for (WireReader field(message); field.next();) {
    if (field.field() == 2) usable = usable && (field.text() == "CPU" || field.text() == "DEFAULT");
    if (field.field() == 3) kernel.push_back(read_constraint(field.bytes()));
    if (field.field() == 5) usable = usable && field.text().empty();
  }
  if (!usable) return std::nullopt;
  return kernel;
}

const std::vector<Kernel>& kernels_of(const std::string& operation) {
  static std::map<std::string, std::vector<Kernel>> known;
  const auto found = known.find(operation);
  if (found != known.end()) return found->second;
  Status status;
  const std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> list(
      TF_GetRegisteredKernelsForOp(operation.c_str(), status), TF_DeleteBuffer);
  status.check("asking for the kernels of " + operation);
  std::vector<Kernel>& kernels = known[operation];
  const Bytes message{static_cast<const std::byte*>(list->data), list->length};
  for (WireReader field(message); field.next();) {
    if (auto kernel = read_kernel(field.bytes())) kernels.push_back(std::move(*kernel));
  }
  return kernels;
}

bool allows(const Constraint& constraint, TF_DataType type) {
  return constraint.types.empty() ||
         std::count(constraint.types.begin(), constraint.types.end(), type) != 0;
}

}  // namespace

bool has_kernel(const std::string& operation, const std::string& attribute, TF_DataType type) {
  const std::vector<Kernel>& kernels = kernels_of(operation);
  return std::any_of(kernels.begin(), kernels.end(), [&](const Kernel& kernel) {
    return std::all_of(kernel.begin(), kernel.end(), [&](const Constraint& constraint) {
      return constraint.attribute != attribute || allows(constraint, type);
    });
  });
}

bool has_kernel(TF_Operation* operation) {
  const std::vector<Kernel>& kernels = kernels_of(TF_OperationOpType(operation));
  Status status;
  return std::any_of(kernels.begin(), kernels.end(), [&](const Kernel& kernel) {
    return std::all_of(kernel.begin(), kernel.end(), [&](const Constraint& constraint) {
      TF_DataType type = TF_FLOAT;
      TF_OperationGetAttrType(operation, constraint.attribute.c_str(), &type, status);
      return !status.ok() || allows(constraint, type);
    });
  });
}

}  // namespace dnnbench::tf
