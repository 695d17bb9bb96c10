#include "daemon/ceremony/share.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "tests/support/catch.hpp"

using ceremony::combine;
using ceremony::Share;
using ceremony::split;

namespace {

ca::ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(const ca::SecretBytes& secret) {
  return {reinterpret_cast<const char*>(secret.view().data()), secret.view().size()};
}
std::string text_of(const Share& share, std::string_view heading = "") {
  return text_of(share.text(heading));
}

constexpr std::string_view kSecret = "0123456789abcdefghijklmnopqrstuvwxyzABCD";

std::vector<Share> chosen(const std::vector<Share>& all, std::initializer_list<std::size_t> which) {
  std::vector<Share> some;
  for (const std::size_t i : which) {
    some.push_back(Share::parse(text_of(all[i])));
  }
  return some;
}

template <typename Call>
std::string complaint(Call call) {
  try {
    call();
  } catch (const ca::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("share: any m of n restore the secret, in any order, and more do as well", "[ceremony]") {
  const auto shares = split(view(kSecret), 3, 5);
  REQUIRE(shares.size() == 5);
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = 0; b < 5; ++b) {
      for (std::size_t c = 0; c < 5; ++c) {
        if (a != b && b != c && a != c) {
          CHECK(text_of(combine(chosen(shares, {a, b, c}))) == kSecret);
        }
      }
    }
  }
  CHECK(text_of(combine(chosen(shares, {4, 3, 2, 1, 0}))) == kSecret);
}

TEST_CASE("share: every share that is given was made with the others, also beyond the threshold",
          "[ceremony]") {
  const auto shares = split(view(kSecret), 3, 5);
  const auto others = split(view(kSecret), 3, 5);
  auto given = chosen(shares, {0, 1, 2, 3, 4});
  CHECK(text_of(combine(given)) == kSecret);
  given[4].body = ca::SecretBytes{others[4].body.view()};
  CHECK(complaint([&] { (void)combine(given); }).starts_with("share 5 does not fit the others"));
  CHECK(text_of(combine(std::span{given}.first(4))) == kSecret);
}

TEST_CASE("share: every splitting gives other shares", "[ceremony]") {
  const auto first = split(view(kSecret), 2, 3);
  const auto second = split(view(kSecret), 2, 3);
  CHECK(first[0].set.id != second[0].set.id);
  CHECK_FALSE(std::ranges::equal(first[0].body.view(), second[0].body.view()));
}

TEST_CASE("share: too few, the same twice, and another ceremony's are told apart", "[ceremony]") {
  const auto shares = split(view(kSecret), 3, 5);
  const auto others = split(view(kSecret), 3, 5);
  CHECK_THAT(complaint([&] { (void)combine(chosen(shares, {})); }), Contains("no share"));
  CHECK_THAT(complaint([&] {
               (void)combine(chosen(shares, {0, 3}));
             }),
             Contains("too few shares: 3 of 5 are needed, 2 given (1, 4)"));
  CHECK_THAT(complaint([&] {
               (void)combine(chosen(shares, {0, 3, 0}));
             }),
             Contains("share 1 was given twice"));
  auto mixed = chosen(shares, {0, 1});
  mixed.push_back(Share::parse(text_of(others[2])));
  CHECK_THAT(complaint([&] { (void)combine(mixed); }), Contains("another ceremony"));
}

TEST_CASE("share: one that was changed with its check values is found before a PIN is tried", "[ceremony]") {
  auto shares = chosen(split(view(kSecret), 2, 3), {0, 1});
  ca::Bytes body{shares[1].body.view().begin(), shares[1].body.view().end()};
  body[7] ^= 1U;
  shares[1].body = ca::SecretBytes{body};
  const auto forged = Share::parse(text_of(shares[1]));  // its own check values fit
  std::vector<Share> given = chosen(shares, {0});
  given.push_back(Share::parse(text_of(forged)));
  CHECK_THAT(complaint([&] { (void)combine(given); }), Contains("do not restore what was split"));
}

TEST_CASE("share: every single wrong character in its text is found", "[ceremony]") {
  const auto shares = split(view(kSecret), 2, 3);
  const std::string right = text_of(shares[1]);
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (const char wrong : {'0', '7', 'f', 'x', ' '}) {
      std::string typed = right;
      typed[i] = wrong;
      const bool blank_only =
          right[i] == wrong || (wrong == ' ' && (right[i] == ',' || i + 1 == right.size()));
      // A space that splits a group, or one less between groups, changes nothing that is said.
      std::string tight_right = right;
      std::string tight_typed = typed;
      std::erase(tight_right, ' ');
      std::erase(tight_typed, ' ');
      if (blank_only || tight_right == tight_typed) {
        continue;
      }
      INFO("character " << i << " as '" << wrong << "'");
      CHECK_FALSE(complaint([&] { (void)Share::parse(typed); }).empty());
    }
  }
}

TEST_CASE("share: the line that is typed wrong is named, and its digits are not repeated",
          "[ceremony][I18]") {
  const auto shares = split(view(kSecret), 2, 3);
  std::string text = text_of(shares[0], "custodian-1\nExample Root");
  const auto place = text.find("\n3  ") + 4;
  const std::string group = text.substr(place, 4);
  text[place] = text[place] == '0' ? '1' : '0';
  const auto says = complaint([&] { (void)Share::parse(text); });
  CHECK_THAT(says, StartsWith("line 9 of the share"));  // two comments, title, set, share, proof, 1, 2, 3
  CHECK_THAT(says, !Contains(text.substr(place, 4)) && !Contains(group));
}

TEST_CASE("share: a missing, repeated or swapped line is found", "[ceremony]") {
  const auto shares = split(view(kSecret), 2, 3);
  std::vector<std::string> lines;
  const std::string text = text_of(shares[0]);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at + 1));
    at = end + 1;
  }
  const auto joined = [](const std::vector<std::string>& some) {
    std::string all;
    for (const auto& line : some) all += line;
    return all;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto missing = lines;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(complaint([&] { (void)Share::parse(joined(missing)); }).empty());
    auto twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK_FALSE(complaint([&] { (void)Share::parse(joined(twice)); }).empty());
    if (i + 1 < lines.size()) {
      auto swapped = lines;
      std::swap(swapped[i], swapped[i + 1]);
      CHECK_FALSE(complaint([&] { (void)Share::parse(joined(swapped)); }).empty());
    }
  }
}

TEST_CASE("share: comments, blank lines, upper case and Windows line ends change nothing", "[ceremony]") {
  const auto shares = split(view(kSecret), 2, 3);
  std::string typed = "# a heading\r\n\r\n";
  for (const char c : text_of(shares[0])) {
    typed += c == '\n' ? "\r\n" : std::string(1, c);
  }
  const auto digits = typed.find("\n1  ");
  for (std::size_t i = digits; i < typed.find("check"); ++i) {
    typed[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(typed[i])));
  }
  CHECK(std::ranges::equal(Share::parse(typed).body.view(), shares[0].body.view()));
}

TEST_CASE("share: fewer than two, more than sixteen custodians and more than all are refused", "[ceremony]") {
  for (const auto& [threshold, count] :
       std::vector<std::pair<unsigned, unsigned>>{{1, 3}, {0, 3}, {4, 3}, {2, 17}, {2, 1}}) {
    CHECK_THAT(complaint([&, m = threshold, n = count] { (void)split(view(kSecret), m, n); }),
               Contains("at least 2"));
  }
}

TEST_CASE("pin: it is as long as asked for, printable, and another each time", "[ceremony]") {
  const auto pin = text_of(ceremony::random_pin(32));
  CHECK(pin.size() == 32);
  CHECK(pin != text_of(ceremony::random_pin(32)));
  CHECK(
      std::ranges::all_of(pin, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-'; }));
}
