#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/policy/key_checks.hpp"
#include "ca/policy/rsa_weakness.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/x509/make_request.hpp"

namespace der = ca::der;
using ca::openssl::Number;

namespace {

Number number(unsigned long value = 0) {
  Number made{BN_new()};
  BN_set_word(made.get(), value);
  return made;
}

Number random_number(int bits) {
  Number made{BN_new()};
  BN_rand(made.get(), bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
  return made;
}

ca::Bytes bytes_of(const Number& value) {
  ca::Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value.get())));
  BN_bn2bin(value.get(), bytes.data());
  return bytes;
}

ca::Bytes product(const Number& a, const Number& b) {
  const ca::openssl::NumberContext context{BN_CTX_new()};
  Number result{BN_new()};
  BN_mul(result.get(), a.get(), b.get(), context.get());
  return bytes_of(result);
}

ca::PublicKey rsa_key(const ca::Bytes& modulus, const ca::Bytes& exponent = {1, 0, 1}) {
  const ca::Bytes key =
      der::element(der::tag::kSequence, {der::unsigned_integer(modulus), der::unsigned_integer(exponent)});
  const ca::Bytes algorithm = ca::from_hex("300d06092a864886f70d0101010500");
  return ca::PublicKey::parse(der::element(der::tag::kSequence, {algorithm, der::bit_string(key)}));
}

ca::PublicKey ed25519_key(const ca::Bytes& point) {
  const ca::Bytes algorithm = ca::from_hex("300506032b6570");
  return ca::PublicKey::parse(der::element(der::tag::kSequence, {algorithm, der::bit_string(point)}));
}

// Modulus and exponent of a generated key.
const ca::Bytes& good_modulus() {
  static const ca::Bytes modulus =
      ca::PublicKey::parse(test::spki_of(test::make_pkey("RSA:2048").get())).rsa_modulus();
  return modulus;
}

void refused(const ca::PublicKey& key, const std::string& why) {
  try {
    ca::check_subject_key(key);
    FAIL("accepted");
  } catch (const ca::Error& error) {
    CHECK(error.code() == ca::Code::malformed_csr);
    CHECK_THAT(std::string{error.what()}, Contains(why));
  }
}

// Product of the primes up to 167.
Number primorial() {
  Number result = number(1);
  for (unsigned long prime = 2; prime <= 167; ++prime) {
    bool is_prime = true;
    for (unsigned long d = 2; d * d <= prime; ++d) {
      is_prime = is_prime && prime % d != 0;
    }
    if (is_prime) {
      BN_mul_word(result.get(), prime);
    }
  }
  return result;
}

// k * M + (65537^a mod M): the form of all factors that the weak generator makes.
Number roca_factor() {
  const ca::openssl::NumberContext context{BN_CTX_new()};
  const Number m = primorial();
  const Number a = random_number(60);
  const Number base = number(65537);
  Number k = random_number(1024 - BN_num_bits(m.get()) + 1);
  Number power{BN_new()};
  BN_mod_exp(power.get(), base.get(), a.get(), m.get(), context.get());
  BN_mul(k.get(), k.get(), m.get(), context.get());
  BN_add(k.get(), k.get(), power.get());
  return k;
}

// (a - d)(a + d) with d^2 = about 2 * a * rounds: Fermat needs about that many rounds.
ca::Bytes close_primes(unsigned long rounds) {
  const ca::openssl::NumberContext context{BN_CTX_new()};
  Number a = random_number(1024);
  BN_sub_word(a.get(), 1);  // even, so that with an odd distance both factors are odd
  Number square{BN_new()};
  BN_copy(square.get(), a.get());
  BN_mul_word(square.get(), 2 * rounds);
  // Square root by bisection of bits.
  Number d = number(0);
  for (int bit = BN_num_bits(square.get()) / 2 + 1; bit >= 0; --bit) {
    BN_set_bit(d.get(), bit);
    Number trial{BN_new()};
    BN_sqr(trial.get(), d.get(), context.get());
    if (BN_cmp(trial.get(), square.get()) > 0) {
      BN_clear_bit(d.get(), bit);
    }
  }
  BN_set_bit(d.get(), 0);
  Number p{BN_new()};
  Number q{BN_new()};
  BN_sub(p.get(), a.get(), d.get());
  BN_add(q.get(), a.get(), d.get());
  return product(p, q);
}

}  // namespace

TEST_CASE("key checks: every supported kind of key passes", "[policy]") {
  for (const char* kind : {"P-256", "P-384", "P-521", "ED25519", "RSA:2048", "RSA:3072"}) {
    INFO(kind);
    CHECK_NOTHROW(ca::check_subject_key(ca::PublicKey::parse(test::spki_of(test::make_pkey(kind).get()))));
  }
}

TEST_CASE("key checks: RSA sizes outside of 2048 to 8192 and odd sizes are refused", "[policy][I11]") {
  refused(ca::PublicKey::parse(test::spki_of(test::make_pkey("RSA:1024").get())), "1024 bits");
  refused(rsa_key(bytes_of(random_number(2047))), "2047 bits");
  refused(rsa_key(bytes_of(random_number(2052))), "2052 bits");
  CHECK_THROWS_WITH(rsa_key(bytes_of(random_number(8200))), Contains("8200 bits"));
}

TEST_CASE("key checks: RSA exponents that are small or huge are refused", "[policy][I11]") {
  refused(rsa_key(good_modulus(), {3}), "at least 65537");
  refused(rsa_key(good_modulus(), {0xFF, 0xFF}), "at least 65537");
  ca::Bytes huge(33, 0);
  huge[0] = 1;
  huge[32] = 1;
  CHECK_THROWS_WITH(rsa_key(good_modulus(), huge), Contains("257 bits"));
  CHECK_NOTHROW(ca::check_subject_key(rsa_key(good_modulus(), {1, 0, 1})));
  CHECK_NOTHROW(ca::check_subject_key(rsa_key(good_modulus(), ca::Bytes(32, 0xFF))));
}

TEST_CASE("key checks: each small factor is found", "[policy][I11]") {
  for (const unsigned long factor : {3UL, 5UL, 7UL, 167UL, 173UL, 743UL, 751UL}) {
    INFO(factor);
    // The cofactor may have a smaller one of its own: any factor will do, but it must divide.
    const ca::Bytes modulus = product(number(factor), random_number(2040));
    const auto found = ca::small_factor(modulus);
    REQUIRE(found);
    CHECK(*found <= factor);
  }
  ca::Bytes nearly = good_modulus();
  CHECK_FALSE(ca::small_factor(nearly));
  CHECK_FALSE(ca::small_factor(ca::Bytes{0x02, 0xF5}));  // 757, the first prime beyond the bound
  Number with_factor = random_number(2040);
  BN_mul_word(with_factor.get(), 255);
  refused(rsa_key(bytes_of(with_factor)), "divisible by 3");
}

TEST_CASE("key checks: moduli of the ROCA generator are recognised and others are not", "[policy][I11]") {
  for (int i = 0; i < 20; ++i) {
    const Number p = roca_factor();
    const Number q = roca_factor();
    const ca::Bytes modulus = product(p, q);
    CHECK(ca::has_roca_fingerprint(modulus));
    if (modulus.size() == 256 && (modulus[0] & 0x80U) != 0 && !ca::small_factor(modulus)) {
      refused(rsa_key(modulus), "ROCA");
    }
    CHECK_FALSE(ca::has_roca_fingerprint(bytes_of(random_number(2048))));
  }
  CHECK_FALSE(ca::has_roca_fingerprint(good_modulus()));
}

TEST_CASE("key checks: primes that Fermat finds within 110 rounds are refused", "[policy][I11]") {
  CHECK(ca::has_close_primes(close_primes(1)));
  CHECK(ca::has_close_primes(close_primes(50)));
  CHECK(ca::has_close_primes(close_primes(105)));
  CHECK_FALSE(ca::has_close_primes(close_primes(120)));
  CHECK_FALSE(ca::has_close_primes(good_modulus()));
  const Number p = random_number(1024);
  CHECK(ca::has_close_primes(product(p, p)));
  Number q{BN_dup(p.get())};
  BN_add_word(q.get(), 2);
  CHECK(ca::has_close_primes(product(p, q)));
}

TEST_CASE("key checks: Ed25519 points of small order are refused with either sign", "[policy][I11]") {
  for (const char* point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    ca::Bytes bytes = ca::from_hex(point);
    refused(ed25519_key(bytes), "small order");
    bytes.back() |= 0x80U;
    refused(ed25519_key(bytes), "small order");
  }
}
