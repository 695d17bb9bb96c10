#pragma once
#include <string_view>

// The patterns of the API model, written out: std::regex recurses per character, so a long member would use
// up the stack (I16). Pure; every text is taken as UTF-8.
namespace acmpca::pattern {

inline constexpr std::string_view kArn =
    R"(arn:[\w+=/,.@-]+:acm-pca:[\w+=/,.@-]*:[0-9]*:[\w+=,.@-]+(/[\w+=,.@-]+)*)";
[[nodiscard]] bool is_arn(std::string_view text);

inline constexpr std::string_view kLatin1 = R"([\u0009\u000A\u000D\u0020-\u00FF]*)";
[[nodiscard]] bool is_latin1(std::string_view text);

inline constexpr std::string_view kPrintable = R"([a-zA-Z0-9'()+-.?:/= ]*)";
[[nodiscard]] bool is_printable(std::string_view text);

inline constexpr std::string_view kCountry = R"([A-Za-z]{2})";
[[nodiscard]] bool is_country(std::string_view text);

inline constexpr std::string_view kOid = R"(^([0-2])\.([0-9]|([0-3][0-9]))((\.([0-9]+)){0,126})$)";
[[nodiscard]] bool is_oid(std::string_view text);

// Characters above ASCII are taken for letters: the model's \p{L}\p{Z}\p{N} without a table of Unicode.
inline constexpr std::string_view kTag = R"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)";
[[nodiscard]] bool is_tag(std::string_view text);

}  // namespace acmpca::pattern
