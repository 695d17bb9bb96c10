#include "daemon/ceremony/share.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <openssl/crypto.h>
#include <set>

#include "ca/base/digest.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/random.hpp"

extern "C" {
#include <libgfshare.h>
}

namespace ceremony {
namespace {

constexpr std::string_view kTitle = "chancery share, version 1";
constexpr std::size_t kLineBytes = 8;
constexpr std::string_view kPinAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
static_assert(kPinAlphabet.size() == 64);

// A string that held part of a secret.
class WipedText {
 public:
  WipedText() { text_.reserve(kMaxShareTextBytes); }  // so that no copy is left behind by growing
  ~WipedText() { OPENSSL_cleanse(text_.data(), text_.size()); }
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  std::string& operator*() { return text_; }
  const std::string& operator*() const { return text_; }

 private:
  std::string text_;
};

ca::ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[noreturn]] void refuse(const std::string& what) { throw ca::Error{ca::Code::invalid_args, what}; }

[[noreturn]] void misread(std::size_t line, const std::string& what) {
  throw ca::Error{ca::Code::malformed_request, "line " + std::to_string(line) + " of the share: " + what};
}

std::array<std::uint8_t, 8> proof_of(const ShareSet& set, ca::ByteView secret) {
  ca::Sha256Stream hash;
  hash.update(view("chancery share set"));
  hash.update(set.id);
  const std::array<std::uint8_t, 2> numbers{static_cast<std::uint8_t>(set.threshold),
                                            static_cast<std::uint8_t>(set.count)};
  hash.update(numbers);
  hash.update(secret);
  const auto digest = hash.finish();
  std::array<std::uint8_t, 8> proof{};
  std::copy_n(digest.begin(), proof.size(), proof.begin());
  return proof;
}

// Over what the lines say, not how they are written.
std::string check_value(const ShareSet& set, unsigned number, std::size_t line, ca::ByteView bytes,
                        std::size_t length) {
  ca::Sha256Stream hash;
  hash.update(set.id);
  hash.update(set.proof);
  const std::array<std::uint8_t, 4> numbers{
      static_cast<std::uint8_t>(set.threshold), static_cast<std::uint8_t>(set.count),
      static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(line)};
  hash.update(numbers);
  hash.update(bytes);
  return ca::to_hex(ca::ByteView{hash.finish()}.first(length));
}

std::string line_check(const Share& share, std::size_t line) {
  const std::size_t begin = (line - 1) * kLineBytes;
  const auto bytes = share.body.view();
  return check_value(share.set, share.number, line,
                     bytes.subspan(begin, std::min(kLineBytes, bytes.size() - begin)), 2);
}

std::string whole_check(const Share& share) {
  return check_value(share.set, share.number, 0, share.body.view(), 4);
}

// The text line by line, without comments and blanks.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_{text} {}

  // Empty at the end.
  std::string_view next() {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
      while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
      if (!line.empty() && line.front() != '#') {
        return line;
      }
    }
    ++number_;
    return {};
  }
  [[nodiscard]] std::size_t number() const { return number_; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// Takes words off a line.
class Words {
 public:
  Words(std::string_view line, std::size_t number) : rest_{line}, number_{number} {}

  std::string_view next() {
    while (!rest_.empty() && Lines::is_blank(rest_.front())) rest_.remove_prefix(1);
    const auto end = std::min(rest_.find_first_of(" \t"), rest_.size());
    const auto word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  void expect(std::string_view wanted) {
    if (next() != wanted) misread(number_, "expected the word '" + std::string{wanted} + "'");
  }
  unsigned number(unsigned most) {
    std::string_view word = next();
    if (word.ends_with(',')) word.remove_suffix(1);
    unsigned value = 0;
    const auto [stop, wrong] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (wrong != std::errc{} || stop != word.data() + word.size() || value == 0 || value > most ||
        word.front() == '0') {
      misread(number_, "expected a number from 1 to " + std::to_string(most));
    }
    return value;
  }
  // All hex digits that are left.
  void digits(std::string& into) {
    for (auto word = next(); !word.empty(); word = next()) {
      for (const char c : word) {
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex) misread(number_, "only the digits 0 to 9 and a to f can stand here");
        into += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      }
    }
  }
  void end() {
    if (!next().empty()) misread(number_, "there is more on the line than belongs there");
  }

 private:
  std::string_view rest_;
  std::size_t number_;
};

std::array<std::uint8_t, 8> eight_bytes(Words words, std::string_view name, std::size_t line) {
  words.expect(name);
  std::string digits;
  words.digits(digits);
  if (digits.size() != 16) misread(line, "expected four groups of four digits");
  const auto bytes = ca::from_hex(digits);
  std::array<std::uint8_t, 8> fixed{};
  std::ranges::copy(bytes, fixed.begin());
  return fixed;
}

void parse_heading(Lines& lines, Share& share) {
  if (lines.next() != kTitle) misread(lines.number(), "expected '" + std::string{kTitle} + "'");
  auto line = lines.next();
  share.set.id = eight_bytes({line, lines.number()}, "set", lines.number());
  line = lines.next();
  Words words{line, lines.number()};
  words.expect("share");
  share.number = words.number(kMaxCustodians);
  words.expect("of");
  share.set.count = words.number(kMaxCustodians);
  words.expect("any");
  share.set.threshold = words.number(kMaxCustodians);
  words.expect("restore");
  words.end();
  if (share.number > share.set.count || share.set.threshold > share.set.count ||
      share.set.threshold < kMinThreshold) {
    misread(lines.number(), "these numbers do not fit together");
  }
  line = lines.next();
  share.set.proof = eight_bytes({line, lines.number()}, "proof", lines.number());
}

// One line of digits: its number, up to four groups, its check value (as the last group).
void append_line(std::string_view line, std::size_t place, std::size_t index, WipedText& body,
                 std::vector<std::string>& checks) {
  Words words{line, place};
  if (words.number(kMaxSecretBytes / kLineBytes) != index) {
    misread(place, "expected the line that begins with " + std::to_string(index));
  }
  WipedText digits;
  words.digits(*digits);
  const std::size_t size = (*digits).size();
  if (size < 2 + 4 || size > 2 * kLineBytes + 4 || size % 2 != 0) {
    misread(place, "expected four groups of four digits and the line's check value");
  }
  checks.push_back((*digits).substr(size - 4));
  (*body).append(*digits, 0, size - 4);
}

ca::SecretBytes secret_of_hex(const std::string& digits) {
  ca::Bytes bytes = ca::from_hex(digits);
  ca::SecretBytes secret{bytes};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return secret;
}

struct SharingFree {
  void operator()(gfshare_ctx* sharing) const { gfshare_ctx_free(sharing); }
};
using Sharing = std::unique_ptr<gfshare_ctx, SharingFree>;

void fill_for_gfshare(unsigned char* bytes, unsigned int count) { ca::fill_random({bytes, count}); }

// Before any context: also one for restoring fills its memory with random octets when it is freed.
Sharing started(gfshare_ctx* (*init)(ca::Bytes& numbers, unsigned char threshold, unsigned size),
                ca::Bytes& numbers, unsigned char threshold, std::size_t size) {
  gfshare_fill_rand = &fill_for_gfshare;
  Sharing sharing{init(numbers, threshold, static_cast<unsigned>(size))};
  if (!sharing) {
    throw ca::Error{ca::Code::internal, "no memory for the shares"};
  }
  return sharing;
}

gfshare_ctx* splitting(ca::Bytes& numbers, unsigned char threshold, unsigned size) {
  return gfshare_ctx_init_enc(numbers.data(), static_cast<unsigned>(numbers.size()), threshold, size);
}
gfshare_ctx* restoring(ca::Bytes& numbers, unsigned char /*threshold*/, unsigned size) {
  return gfshare_ctx_init_dec(numbers.data(), static_cast<unsigned>(numbers.size()), size);
}

// A buffer for libgfshare, whose parameters are not const.
class Scratch {
 public:
  explicit Scratch(std::size_t size) : bytes_(size) {}
  ~Scratch() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ca::Bytes& operator*() { return bytes_; }

 private:
  ca::Bytes bytes_;
};

void append_line_text(std::string& text, const Share& share, std::size_t line) {
  const std::size_t begin = (line - 1) * kLineBytes;
  const auto bytes = share.body.view().subspan(begin);
  std::string digits = ca::to_hex(bytes.first(std::min(kLineBytes, bytes.size())));
  std::string groups = in_groups(digits);
  text += std::to_string(line) + "  " + groups + "  " + line_check(share, line) + "\n";
  OPENSSL_cleanse(digits.data(), digits.size());
  OPENSSL_cleanse(groups.data(), groups.size());
}

// Names the line that is typed wrong. The check values hold the heading as well: one that is wrong there fits
// nowhere.
void check_lines(const Share& share, const std::vector<std::string>& checks,
                 const std::vector<std::size_t>& places) {
  std::vector<std::size_t> wrong;
  for (std::size_t index = 0; index < checks.size(); ++index) {
    if (line_check(share, index + 1) != checks[index]) {
      wrong.push_back(places[index]);
    }
  }
  if (wrong.size() > 1 && wrong.size() == checks.size()) {
    misread(places.front(),
            "its check value does not fit, and no other line's does: look for the wrong digit in "
            "the lines set, share and proof above it");
  }
  if (!wrong.empty()) {
    misread(wrong.front(), "its check value does not fit: a digit is wrong in it");
  }
}

// Why two shares are not of one set.
std::string difference(const Share& one, const Share& other) {
  const auto named = [](const Share& share) {
    return "share " + std::to_string(share.number) + " of set " + in_groups(ca::to_hex(share.set.id));
  };
  if (one.set.id != other.set.id) {
    return named(one) + " is of another ceremony than " + named(other);
  }
  const auto rule = [](const ShareSet& set) {
    return "any " + std::to_string(set.threshold) + " of " + std::to_string(set.count) + " restore";
  };
  if (rule(one.set) != rule(other.set)) {
    return named(one) + " says that " + rule(one.set) + ", share " + std::to_string(other.number) +
           " of the same set that " + rule(other.set) + ": one of them was changed";
  }
  return named(one) + " has another proof than share " + std::to_string(other.number) +
         " of the same set: one of them was changed";
}

}  // namespace

Share Share::parse(std::string_view text) {
  if (text.size() > kMaxShareTextBytes) {
    misread(1, "this is longer than any share");
  }
  Share share;
  Lines lines{text};
  parse_heading(lines, share);
  WipedText body;
  std::vector<std::string> checks;
  std::vector<std::size_t> places;
  std::string_view line = lines.next();
  for (; !line.empty() && !line.starts_with("check"); line = lines.next()) {
    append_line(line, lines.number(), checks.size() + 1, body, checks);
    places.push_back(lines.number());
    const bool full = (*body).size() == checks.size() * 2 * kLineBytes;
    const bool last = (*body).size() % (2 * kLineBytes) != 0;
    if (!full && !last)
      misread(lines.number(), "expected four groups of four digits and the line's check value");
  }
  if ((*body).empty()) misread(lines.number(), "expected the line that begins with 1");
  if (checks.size() != ((*body).size() + 2 * kLineBytes - 1) / (2 * kLineBytes)) {
    misread(places.back(), "a line before the last is too short");
  }
  share.body = secret_of_hex(*body);
  check_lines(share, checks, places);
  Words words{line, lines.number()};
  words.expect("check");
  std::string digits;
  words.digits(digits);
  if (digits != whole_check(share)) {
    misread(lines.number(), "the check value does not fit: lines are missing, or it is typed wrong");
  }
  if (!lines.next().empty()) misread(lines.number(), "there is more behind the share's end");
  return share;
}

ca::SecretBytes Share::text(std::string_view heading) const {
  WipedText text;
  while (!heading.empty()) {
    const auto end = std::min(heading.find('\n'), heading.size());
    *text += "# " + std::string{heading.substr(0, end)} + "\n";
    heading.remove_prefix(std::min(end + 1, heading.size()));
  }
  *text += std::string{kTitle} + "\nset    " + in_groups(ca::to_hex(set.id)) + "\nshare  " +
           std::to_string(number) + " of " + std::to_string(set.count) + ", any " +
           std::to_string(set.threshold) + " restore\nproof  " + in_groups(ca::to_hex(set.proof)) + "\n";
  const std::size_t count = (body.view().size() + kLineBytes - 1) / kLineBytes;
  for (std::size_t line = 1; line <= count; ++line) {
    append_line_text(*text, *this, line);
  }
  *text += "check  " + in_groups(whole_check(*this)) + "\n";
  return ca::SecretBytes{view(*text)};
}

std::string Share::check_value() const { return in_groups(whole_check(*this)); }

std::string Share::digest() const { return ca::to_hex(ca::sha256(text("").view())); }

std::vector<Share> split(ca::ByteView secret, unsigned threshold, unsigned count) {
  if (threshold < kMinThreshold || threshold > count || count > kMaxCustodians || secret.empty() ||
      secret.size() > kMaxSecretBytes) {
    refuse("a secret is split among " + std::to_string(kMinThreshold) + " to " +
           std::to_string(kMaxCustodians) + " custodians, of whom at least " + std::to_string(kMinThreshold) +
           " restore it");
  }
  ShareSet set{.threshold = threshold, .count = count};
  ca::fill_random(set.id);
  set.proof = proof_of(set, secret);
  ca::Bytes numbers(count);
  for (unsigned i = 0; i < count; ++i) {
    numbers[i] = static_cast<std::uint8_t>(i + 1);
  }
  const Sharing sharing = started(&splitting, numbers, static_cast<unsigned char>(threshold), secret.size());
  Scratch buffer{secret.size()};
  std::ranges::copy(secret, (*buffer).begin());
  gfshare_ctx_enc_setsecret(sharing.get(), (*buffer).data());
  std::vector<Share> shares;
  for (unsigned i = 0; i < count; ++i) {
    gfshare_ctx_enc_getshare(sharing.get(), static_cast<unsigned char>(i), (*buffer).data());
    shares.push_back({set, i + 1, ca::SecretBytes{*buffer}});
  }
  return shares;
}

void check_fit(std::span<const Share> shares) {
  std::set<unsigned> numbers;
  for (const Share& share : shares) {
    const ShareSet& set = shares.front().set;
    if (share.set != set) {
      refuse(difference(share, shares.front()));
    }
    if (!numbers.insert(share.number).second) {
      refuse("share " + std::to_string(share.number) + " was given twice");
    }
  }
}

namespace {

void check_enough(std::span<const Share> shares) {
  const ShareSet& set = shares.front().set;
  if (shares.size() < set.threshold) {
    std::string numbers;
    for (const Share& share : shares) {
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(share.number);
    }
    refuse("too few shares: " + std::to_string(set.threshold) + " of " + std::to_string(set.count) +
           " are needed, " + std::to_string(shares.size()) + " given (" + numbers + ")");
  }
}

// What these shares, exactly as many as are needed, meet in.
ca::SecretBytes interpolated(std::span<const Share* const> shares) {
  const std::size_t size = shares.front()->body.view().size();
  ca::Bytes numbers;
  for (const Share* share : shares) {
    numbers.push_back(static_cast<std::uint8_t>(share->number));
    if (share->body.view().size() != size) {
      refuse("the shares are not of one length");
    }
  }
  const Sharing sharing = started(&restoring, numbers, 0, size);
  Scratch buffer{size};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    std::ranges::copy(shares[i]->body.view(), (*buffer).begin());
    gfshare_ctx_dec_giveshare(sharing.get(), static_cast<unsigned char>(i), (*buffer).data());
  }
  gfshare_ctx_dec_extract(sharing.get(), (*buffer).data());
  return ca::SecretBytes{*buffer};
}

}  // namespace

ca::SecretBytes combine(std::span<const Share> shares) {
  if (shares.empty()) {
    refuse("no share was given");
  }
  check_fit(shares);
  check_enough(shares);
  const ShareSet& set = shares.front().set;
  std::vector<const Share*> needed;
  for (const Share& share : shares.first(set.threshold)) {
    needed.push_back(&share);
  }
  auto secret = interpolated(needed);
  if (proof_of(set, secret.view()) != set.proof) {
    refuse("the shares do not restore what was split: one of them was changed, though its check value fits");
  }
  // Two polynomials of the degree threshold - 1 that meet at threshold - 1 shares and at the secret are one.
  for (const Share& more : shares.subspan(set.threshold)) {
    needed.back() = &more;
    if (!ca::equal_secrets(interpolated(needed).view(), secret.view())) {
      refuse("share " + std::to_string(more.number) +
             " does not fit the others: it was changed, though its check value fits");
    }
  }
  return secret;
}

ca::SecretBytes random_pin(std::size_t characters) {
  Scratch bytes{characters};
  ca::fill_random(*bytes);
  for (auto& byte : *bytes) {
    byte = static_cast<std::uint8_t>(kPinAlphabet[byte % kPinAlphabet.size()]);
  }
  return ca::SecretBytes{*bytes};
}

std::string in_groups(std::string_view hex) {
  constexpr std::size_t kGroup = 4;
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += kGroup) {
    text += (i == 0 ? "" : " ") + std::string{hex.substr(i, kGroup)};
  }
  return text;
}

}  // namespace ceremony
