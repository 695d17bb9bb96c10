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

inline constexpr std::string_view kOid = R"(([0-2])\.([0-9]|([0-3][0-9]))((\.([0-9]+)){0,126}))";
[[nodiscard]] bool is_oid(std::string_view text);

// \p{L} and \p{N} are the letters and digits of the C library's Unicode tables, \p{Z} its spaces.
inline constexpr std::string_view kTag = R"(([\p{L}\p{Z}\p{N}_.:/=+\-@]*))";
[[nodiscard]] bool is_tag(std::string_view text);

inline constexpr std::string_view kPolicy = R"([\u0009\u000A\u000D\u0020-\u00FF]+)";  // is_latin1

inline constexpr std::string_view kAccountId = R"([0-9]+)";
[[nodiscard]] bool is_account_id(std::string_view text);

inline constexpr std::string_view kAuditReportId =
    R"([a-z0-9]{8}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{12})";
[[nodiscard]] bool is_audit_report_id(std::string_view text);

inline constexpr std::string_view kBase64 =
    R"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)";
[[nodiscard]] bool is_base64(std::string_view text);

inline constexpr std::string_view kCname = R"([-a-zA-Z0-9;/?:@&=+$,%_.!~*()']*)";
[[nodiscard]] bool is_cname(std::string_view text);

inline constexpr std::string_view kCrlPath =
    R"([-a-zA-Z0-9;?:@&=+$,%_.!~*()']+(/[-a-zA-Z0-9;?:@&=+$,%_.!~*()']+)*)";
[[nodiscard]] bool is_crl_path(std::string_view text);

inline constexpr std::string_view kPrincipal = R"([^*]+)";
[[nodiscard]] bool is_principal(std::string_view text);

inline constexpr std::string_view kBucket = R"([-a-zA-Z0-9._/]+)";
[[nodiscard]] bool is_bucket(std::string_view text);

}  // namespace acmpca::pattern
