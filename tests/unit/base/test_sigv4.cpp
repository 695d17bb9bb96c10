#include <algorithm>

#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"
#include "tests/support/catch.hpp"

namespace sigv4 = ca::sigv4;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string hash_of(std::string_view text) { return ca::to_hex(ca::sha256(ca::bytes_of(text))); }

// Made with botocore 1.29's SigV4Auth at 2026-11-24T12:00:00Z with the access key AKIDEXAMPLE.
struct Vector {
  std::string method;
  std::string path;
  std::string query;
  Headers headers;
  std::string body;
  std::string secret;
  std::string region;
  std::string service;
  std::string canonical_hash;
  std::string authorization;
};

// clang-format off
const std::vector<Vector> kVectors = {
    {"POST", "/", "", {{"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "secret", "us-east-1", "acm-pca", "3de3b686f08fc02967af1b20e2e5e9de1ace3ca49040af6ebb96a913aecd7da2", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date, Signature=7279b5242d32267076e3f4f1d655331c07fbfd1846e701f4702a61c354fbb52b"},
    {"GET", "", "a=1", {{"X-Amz-Target", "ACMPrivateCA.IssueCertificate"}, {"Content-Type", "application/x-amz-json-1.1"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "execute-api", "98aefd5cc3b91790ca4361b8329fe93966b91ee8c33ee094f87df691a09d3a34", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=a1bf5a5b1d11e56be288b1d0b7e4896ee58d76cc560dd3d51503d98044183e8e"},
    {"PUT", "/a/b", "b=2&a=1", {{"X-Custom", "  a   b\t c  "}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{\"a\":\"\303\244\"}", "s\303\251cret with space", "us-east-1", "acm-pca", "066b8354363d28dea55ab00700a88fbb9aeaf68a50a4dd43ae691b998756318a", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-custom, Signature=89598cce3ba0a856ec44a62dfea87b3a5c69bd23c388515f732daa09591a754e"},
    {"POST", "/a//b", "a=2&a=1", {{"X-Empty", ""}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "secret", "eu-central-1", "execute-api", "8027de71368cc2a65b66b0bee6e92ef18676c1c7eda6409df4ae7ab39b0d0f2a", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-empty, Signature=37147cb6272efea3829a18cbf0de5e4a9bc94e8555c60bfb0d2c1509a24aa822"},
    {"GET", "/a/./b/", "a", {{"Content-Type", "application/json"}, {"X-Z", "z"}, {"X-A", "1,2"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "acm-pca", "b9d25a14af5d9f4902ffee1636efe92dcefc1ab1189fb30ccb7b09c152cb957c", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=content-type;host;x-a;x-amz-date;x-z, Signature=b166b4295f1cbff82d53b269395bc9ba62a4682507098b8249ceebed7ac20d27"},
    {"PUT", "/a/b/../c", "a=", {{"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{}", "s\303\251cret with space", "eu-central-1", "execute-api", "4950a08e2568299ee1f5d3cb67484883408d932cda833d09189a26a7f52f6332", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=9e074cd76bda94bd70004bf2003878522dcfb9a33d09854ab3b5741a276d3788"},
    {"POST", "/../x", "x=%20y", {{"X-Amz-Target", "ACMPrivateCA.IssueCertificate"}, {"Content-Type", "application/x-amz-json-1.1"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{\"a\":\"\303\244\"}", "secret", "us-east-1", "acm-pca", "c6039121c4f010dd9b69ba556bd20ab09387fccec38716080180bb262cf0d29f", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=8dd7e6f8fd2d4324195155ed2f0f8991d20a40248d2f128a1779e90419339e33"},
    {"GET", "/a%20b/c", "x=~tilde&X=1", {{"X-Custom", "  a   b\t c  "}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "execute-api", "cba910d4964e708bc4bc26c0438940440cb64c35462a3071b6e01b0931f97726", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-custom, Signature=18ef8d0fd936f68db3dd548055b30ea9c01c8cdcbbdf039f72952c4df49cad92"},
    {"PUT", "/~user/-._", "q=a%2Bb&q=a%2Fb", {{"X-Empty", ""}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "s\303\251cret with space", "us-east-1", "acm-pca", "b6a7b77edec48322f561962f03c996126fe2c0b9608396f42aff112d7474eed8", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-empty, Signature=2500cf3ca40025b4d3c518a1280f5c93cdc906cd9de30e734985fb66523468ab"},
    {"POST", "/a+b/c=d@e", "k=%E2%82%AC", {{"Content-Type", "application/json"}, {"X-Z", "z"}, {"X-A", "1,2"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{}", "secret", "eu-central-1", "execute-api", "a031536d6b86c8592ec295de1d9185f52159df668d6840a4559c54d696e475a9", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-a;x-amz-date;x-z, Signature=a73403db74a266737774fd85bcf0f8c8ea3d617b73222da3c6e8a61d1f12de1e"},
    {"GET", "/pr%C3%B6v/device%2F7", "", {{"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "acm-pca", "4b8faa524d2ae4ce573befded6c1134aec969fcce8148ed864c8ee59bb665454", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date, Signature=e6795405809a3c080401cec1a3b9fb708e2b5ef348221e20db238ad4c3fd1404"},
    {"PUT", "/provision/x", "a=1", {{"X-Amz-Target", "ACMPrivateCA.IssueCertificate"}, {"Content-Type", "application/x-amz-json-1.1"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "s\303\251cret with space", "eu-central-1", "execute-api", "e2e9f6b5b0133c1f26afa68d27afd5840f232207ad14255bc57a1fe3d6e15b43", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=c73e5209d3593d163b1ae68c0691bf8a04636d161b134a86ed688f2af7d58521"},
    {"POST", "/", "b=2&a=1", {{"X-Custom", "  a   b\t c  "}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "secret", "us-east-1", "acm-pca", "f1481947f7869e8f9b13034269522debdb8cc4aecb5ea1b35a9f4874d0dc6083", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-custom, Signature=41409aa483d3910af204fadfc963850ada371674463ad8f0093b59082916305e"},
    {"GET", "", "a=2&a=1", {{"X-Empty", ""}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "execute-api", "d315942f88c787c0d8149b379d5fa4dc7d8fd01cc8094736045e602de6a75125", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-empty, Signature=09e28f9b69dc43305ccf0ca739dbb3d0c70bb7507dba94cf2cbaceca4b90b27e"},
    {"PUT", "/a/b", "a", {{"Content-Type", "application/json"}, {"X-Z", "z"}, {"X-A", "1,2"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{\"a\":\"\303\244\"}", "s\303\251cret with space", "us-east-1", "acm-pca", "c22f8c83b56337ae38e37b20feaf96ace448effc14c5a80f04e31f3ef9de788d", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=content-type;host;x-a;x-amz-date;x-z, Signature=eb39c51825fd64fc102f4b16a950dd1a3a0500bff890fbe8f7004eaebea50c09"},
    {"POST", "/a//b", "a=", {{"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "secret", "eu-central-1", "execute-api", "064351215e4673898b45d86aa6fc5f6959c55e6e02366ae5bc71f422d0de4ef8", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=eb12bdede172acb8926140b0d477badcca1fd8c5b89ebee3ae4a02f155135733"},
    {"GET", "/a/./b/", "x=%20y", {{"X-Amz-Target", "ACMPrivateCA.IssueCertificate"}, {"Content-Type", "application/x-amz-json-1.1"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "acm-pca", "9c576c2d972e292fc3db66917dbe93922695b8dc8f42598dea8521b885b2fc5e", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=67091344992b66fe4593c9fded4c1e2216a9c5412345a49752d567f29ce00994"},
    {"PUT", "/a/b/../c", "x=~tilde&X=1", {{"X-Custom", "  a   b\t c  "}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{}", "s\303\251cret with space", "eu-central-1", "execute-api", "ec13a720de89c80f65ffc98d11784a1d2c36d081ade85d40e2a33b76d9eed286", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-custom, Signature=793588be78c6c757f70199dc4f6a77da75ac0c68c002f7345d550ef27f6120bd"},
    {"POST", "/../x", "q=a%2Bb&q=a%2Fb", {{"X-Empty", ""}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{\"a\":\"\303\244\"}", "secret", "us-east-1", "acm-pca", "22c1e7fb406b003bf55da275c6c87f0939b38888451452cd8418fde59485dc0f", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-empty, Signature=bad2e9c185ecb5c254aa8304d8fe9ceb063bbe91763a0f09f61a8088fbc1124b"},
    {"GET", "/a%20b/c", "k=%E2%82%AC", {{"Content-Type", "application/json"}, {"X-Z", "z"}, {"X-A", "1,2"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1", "execute-api", "29c1f1f12068ccb8bd2812e18f384d649adecde48436347c045c9c41cd8027ae", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-a;x-amz-date;x-z, Signature=908b882cd656564b279cdb6f6a8852dcf79a9736b51c4238ca8b91dcb4a16d44"},
    {"PUT", "/~user/-._", "", {{"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "s\303\251cret with space", "us-east-1", "acm-pca", "b00022200471f02f14da5d3af7c3158566aec394e6f46014f674328bed574bc5", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date, Signature=9581a0de95afa42e59b4c798de7b9f9af0e65422d7266d9dea313cf1b8adcc56"},
    {"POST", "/a+b/c=d@e", "a=1", {{"X-Amz-Target", "ACMPrivateCA.IssueCertificate"}, {"Content-Type", "application/x-amz-json-1.1"}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "{}", "secret", "eu-central-1", "execute-api", "5d05523f88926f38fd1cd86e0fa694b409d8685525b9bf9a4e6310e17be06116", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=603d64c061bd8c907431794b36b954274df17a6d1006f5b6fd48712d012ae203"},
    {"GET", "/pr%C3%B6v/device%2F7", "b=2&a=1", {{"X-Custom", "  a   b\t c  "}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "acm-pca", "8578d97fb571c924f67de30ab64531ee26784c5bbb549276667b4824b03a8dba", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/acm-pca/aws4_request, SignedHeaders=host;x-amz-date;x-custom, Signature=27aa052f677444fe2f65a3c136999efaca5f5fddcd402d956006a6d14ce68fd4"},
    {"PUT", "/provision/x", "a=2&a=1", {{"X-Empty", ""}, {"Host", "ca.example.com:8443"}, {"X-Amz-Date", "20261124T120000Z"}}, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "s\303\251cret with space", "eu-central-1", "execute-api", "99b989ada90dfdec8fe4afde3333a01cf9c9f7b749c3e71931bfcacd34764542", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-empty, Signature=a8f3abd2d3c0a455427c22028a25dfb61327000951669fc2386863923ef045fd"},
};
// clang-format on

std::vector<std::string> signed_headers_of(const std::string& authorization) {
  const std::string key = "SignedHeaders=";
  const std::size_t start = authorization.find(key) + key.size();
  const std::string list = authorization.substr(start, authorization.find(',', start) - start);
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(';', at), list.size());
    names.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

}  // namespace

TEST_CASE("sigv4: the request captured from the aws command line gives every known hash", "[base][sigv4]") {
  const std::string body =
      R"({"CertificateAuthorityArn": "arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/)"
      R"(11111111-2222-3333-4444-555555555555"})";
  const Headers headers = {{"Host", "127.0.0.1:18181"},
                           {"X-Amz-Target", "ACMPrivateCA.DescribeCertificateAuthority"},
                           {"Content-Type", "application/x-amz-json-1.1"},
                           {"User-Agent", "not signed"},
                           {"X-Amz-Date", "20261123T234630Z"},
                           {"X-Amz-Security-Token", "tok/en+=="}};
  const std::vector<std::string> names = {"content-type", "host", "x-amz-date", "x-amz-security-token",
                                          "x-amz-target"};
  const sigv4::Scope scope{"20261123", "us-east-1", "acm-pca"};
  const std::string payload_hash = hash_of(body);
  REQUIRE(payload_hash == "4c29e4cc09f2cf3b726a8a09b4454091ed1d2e3507756198f34ef7508a87c47a");

  const std::string canonical = sigv4::canonical_request({"POST", "/", "", headers, names, payload_hash});
  CHECK(hash_of(canonical) == "8a48fcf44dec879d7542d068b2a8dc90164856907f2a1d653906ae2ca14c6e10");
  const ca::SecretBytes key = sigv4::signing_key(ca::bytes_of("secret"), scope);
  CHECK(ca::to_hex(key.view()) == "9b684720365bb221c1aa91839f65ca0bf4089886601c81029972b185ae703596");
  const std::string to_sign = sigv4::string_to_sign("20261123T234630Z", scope, canonical);
  CHECK(to_sign ==
        "AWS4-HMAC-SHA256\n20261123T234630Z\n20261123/us-east-1/acm-pca/aws4_request\n"
        "8a48fcf44dec879d7542d068b2a8dc90164856907f2a1d653906ae2ca14c6e10");
  CHECK(ca::to_hex(sigv4::signature(key, to_sign)) ==
        "b1aee197aa20ef5b077aeebca942505213c03dad9c95434ba389eb956a9bb31f");
}

TEST_CASE("sigv4: paths and queries and headers are signed as botocore signs them", "[base][sigv4]") {
  REQUIRE(kVectors.size() >= 20);
  for (const Vector& vector : kVectors) {
    INFO(vector.method << ' ' << vector.path << '?' << vector.query);
    const std::vector<std::string> names = signed_headers_of(vector.authorization);
    const std::string payload_hash = hash_of(vector.body);
    const std::string canonical = sigv4::canonical_request(
        {vector.method, vector.path, vector.query, vector.headers, names, payload_hash});
    INFO(canonical);
    CHECK(hash_of(canonical) == vector.canonical_hash);
    const sigv4::Scope scope{"20261124", vector.region, vector.service};
    const ca::Sha256 signature =
        sigv4::signature(sigv4::signing_key(ca::bytes_of(vector.secret), scope),
                         sigv4::string_to_sign("20261124T120000Z", scope, canonical));
    CHECK(sigv4::authorization("AKIDEXAMPLE", scope, names, signature) == vector.authorization);
  }
}

TEST_CASE("sigv4: a path loses dot segments and empty segments and is encoded once more", "[base][sigv4]") {
  CHECK(sigv4::canonical_path("") == "/");
  CHECK(sigv4::canonical_path("/") == "/");
  CHECK(sigv4::canonical_path("//") == "/");
  CHECK(sigv4::canonical_path("/a/./b//c/../d/") == "/a/b/d/");
  CHECK(sigv4::canonical_path("/../..") == "/");
  CHECK(sigv4::canonical_path("/a%2e%2E/~b") == "/a%252e%252E/~b");
}

TEST_CASE("sigv4: a query is decoded and encoded and sorted", "[base][sigv4]") {
  CHECK(sigv4::canonical_query("").empty());
  CHECK(sigv4::canonical_query("&&").empty());
  CHECK(sigv4::canonical_query("b=1&a=2&a=1&B=3") == "B=3&a=1&a=2&b=1");
  CHECK(sigv4::canonical_query("%7e=%c3%A4&x=a+b") == "x=a%2Bb&~=%C3%A4");
  CHECK(sigv4::canonical_query("a=%&b=%4&c=%zz&d=%41") == "a=%25&b=%254&c=%25zz&d=A");
  CHECK(sigv4::canonical_query("a=b=c") == "a=b%3Dc");
}

TEST_CASE("sigv4: repeated headers are joined in the order received", "[base][sigv4]") {
  const Headers headers = {{"X-B", " 2 "}, {"x-a", "one \t two"}, {"x-b", "1"}};
  const std::vector<std::string> names = {"x-a", "x-b", "x-c"};
  CHECK(sigv4::canonical_request({"GET", "/", "", headers, names, "hash"}) ==
        "GET\n/\n\nx-a:one two\nx-b:2,1\nx-c:\n\nx-a;x-b;x-c\nhash");
}
