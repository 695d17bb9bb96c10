#include "ca/policy/rsa_weakness.hpp"

#include <array>

#include "ca/base/error.hpp"
#include "ca/x509/openssl.hpp"

namespace ca {
namespace {

constexpr unsigned kMaxSmallFactor = 752;
constexpr unsigned kLastRocaPrime = 167;
constexpr int kFermatRounds = 110;

constexpr bool is_prime(unsigned n) {
  for (unsigned d = 2; d * d <= n; ++d) {
    if (n % d == 0) {
      return false;
    }
  }
  return n > 1;
}

void require(bool ok) {
  if (!ok) {
    throw Error{Code::internal, "big number arithmetic failed: " + openssl::take_errors()};
  }
}

openssl::Number number(ByteView big_endian) {
  openssl::Number value{BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr)};
  require(value != nullptr);
  return value;
}

openssl::Number number() {
  openssl::Number value{BN_new()};
  require(value != nullptr);
  return value;
}

unsigned remainder(const BIGNUM* n, unsigned divisor) {
  return static_cast<unsigned>(BN_mod_word(n, divisor));
}

bool is_power_of_65537(unsigned residue, unsigned prime) {
  unsigned power = 1;
  do {
    if (power == residue) {
      return true;
    }
    power = power * (65537 % prime) % prime;
  } while (power != 1);
  return false;
}

// floor(sqrt(n)) by Newton's method from above.
openssl::Number square_root(const BIGNUM* n, BN_CTX* context) {
  openssl::Number x = number();
  openssl::Number next = number();
  require(BN_lshift(x.get(), BN_value_one(), (BN_num_bits(n) + 1) / 2) == 1);
  while (true) {
    require(BN_div(next.get(), nullptr, n, x.get(), context) == 1);
    require(BN_add(next.get(), next.get(), x.get()) == 1);
    require(BN_rshift1(next.get(), next.get()) == 1);
    if (BN_cmp(next.get(), x.get()) >= 0) {
      return x;
    }
    std::swap(x, next);
  }
}

template <unsigned kModulus>
constexpr std::array<bool, kModulus> squares_modulo() {
  std::array<bool, kModulus> squares{};
  for (unsigned i = 0; i < kModulus; ++i) {
    squares[i * i % kModulus] = true;
  }
  return squares;
}

// A number that is no square modulo one of these is no square; 1 of about 500 others passes and gets a square
// root.
bool may_be_square(const BIGNUM* n) {
  static constexpr auto kMod64 = squares_modulo<64>();
  static constexpr auto kMod3465 = squares_modulo<3465>();  // 9 * 5 * 7 * 11
  static constexpr auto kMod4199 = squares_modulo<4199>();  // 13 * 17 * 19
  return kMod64[remainder(n, 64)] && kMod3465[remainder(n, 3465)] && kMod4199[remainder(n, 4199)];
}

bool is_square(const BIGNUM* n, BN_CTX* context) {
  if (BN_is_zero(n)) {
    return true;
  }
  if (!may_be_square(n)) {
    return false;
  }
  const openssl::Number root = square_root(n, context);
  const openssl::Number square = number();
  require(BN_sqr(square.get(), root.get(), context) == 1);
  return BN_cmp(square.get(), n) == 0;
}

}  // namespace

std::optional<unsigned> small_factor(ByteView modulus) {
  const openssl::Number n = number(modulus);
  for (unsigned prime = 2; prime <= kMaxSmallFactor; ++prime) {
    if (is_prime(prime) && remainder(n.get(), prime) == 0) {
      return prime;
    }
  }
  return std::nullopt;
}

bool has_roca_fingerprint(ByteView modulus) {
  const openssl::Number n = number(modulus);
  for (unsigned prime = 3; prime <= kLastRocaPrime; ++prime) {
    if (is_prime(prime) && !is_power_of_65537(remainder(n.get(), prime), prime)) {
      return false;
    }
  }
  return true;
}

bool has_close_primes(ByteView modulus) {
  const openssl::NumberContext context{BN_CTX_new()};
  require(context != nullptr);
  const openssl::Number n = number(modulus);
  const openssl::Number a = square_root(n.get(), context.get());
  const openssl::Number rest = number();  // a^2 - n
  require(BN_sqr(rest.get(), a.get(), context.get()) == 1);
  require(BN_sub(rest.get(), rest.get(), n.get()) == 1);
  if (BN_is_zero(rest.get())) {
    return true;
  }
  for (int round = 0; round < kFermatRounds; ++round) {
    // (a + 1)^2 - n = (a^2 - n) + 2a + 1
    require(BN_add(rest.get(), rest.get(), a.get()) == 1);
    require(BN_add_word(a.get(), 1) == 1);
    require(BN_add(rest.get(), rest.get(), a.get()) == 1);
    if (is_square(rest.get(), context.get())) {
      return true;
    }
  }
  return false;
}

}  // namespace ca
