#include "core/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "core/error.h"

namespace dnnbench {
namespace {

class Sha256 {
 public:
  // The library crashes where memory was lacking when it began.
  Sha256() : context_(nullptr, EVP_MD_CTX_free) {
    check(OSSL_LIB_CTX_get0_global_default() != nullptr);
    context_.reset(EVP_MD_CTX_new());
    check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(const char* data, size_t size) {
    check(EVP_DigestUpdate(context_.get(), data, size) == 1);
  }

  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      constexpr const char* kDigits = "0123456789abcdef";
      text += kDigits[digest[i] >> 4];
      text += kDigits[digest[i] & 15];
    }
    return text;
  }

 private:
  static void check(bool worked) {
    if (!worked) throw Error("this system's OpenSSL library has no SHA-256");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("could not read " + path);
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0) {
    hash.add(buffer.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) throw Error("could not read " + path);
  return hash.hexadecimal();
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.add(text.data(), text.size());
  return hash.hexadecimal();
}

}  // namespace dnnbench
