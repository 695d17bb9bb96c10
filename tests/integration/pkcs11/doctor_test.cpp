#include <algorithm>

#include "tests/integration/pkcs11/token_under_test.hpp"

using namespace p11test;

TEST_CASE("doctor: a healthy token and key pass every step", "[pkcs11]") {
  SoftHsm hsm;
  const auto& files = hsm.add_token("issuing");
  const auto options = options_of(hsm, files);
  std::string uri;
  {
    Token token{options};
    uri = token.generate_key("ca-1", KeyType::ec_p384, soon()).uri;
  }
  const auto steps = pkcs11::diagnose(options, Uri::parse(uri));
  REQUIRE(steps.size() == 8);
  for (const auto& step : steps) {
    INFO(step.what << ": " << step.detail);
    CHECK(step.ok);
    CHECK(step.hint.empty());
  }
}

namespace {

// What the doctor must say about one fault, and how to bring it about.
struct Fault {
  const char* name;
  std::function<void(pkcs11::TokenOptions&, ShimControl&, const SoftHsm::TokenFiles&)> make;
  const char* step;
  std::vector<std::string> says;  // the call that failed, its return value, the thing it was about
  const char* advises;
  std::uint64_t logins;
  const char* key = "pkcs11:object=ca-1";
};

const std::vector<Fault> kFaults{
    {"a module path that does not exist",
     [](auto& options, auto&, const auto&) { options.uri.module_path = "/nonexistent/module.so"; },
     "module",
     {"dlopen", "/nonexistent/module.so"},
     "install the HSM vendor's PKCS#11 library",
     0},
    {"a library that is no module",
     [](auto& options, auto&, const auto&) { options.uri.module_path = "libdl.so.2"; },
     "module",
     {"C_GetFunctionList", "libdl.so.2"},
     "name it by its full path",
     0},
    {"a module that does not start",
     [](auto&, auto& shim, const auto&) { shim.initialize_rv = CKR_GENERAL_ERROR; },
     "module",
     {"C_Initialize", "CKR_GENERAL_ERROR (0x5)"},
     "configuration",
     0},
    {"a token that is not there",
     [](auto& options, auto&, const auto&) { options.uri.token = "nobody"; },
     "token",
     {"C_GetSlotList", "CKR_TOKEN_NOT_PRESENT (0xe0)", "token=nobody"},
     "chancery hsm list-slots",
     0},
    {"a device that is away",
     [](auto&, auto& shim, const auto&) { shim.gone = CKR_DEVICE_REMOVED; },
     "slots",
     {"C_GetTokenInfo", "CKR_DEVICE_REMOVED (0x32)"},
     "power and network",
     0},
    {"a PIN file that is not there",
     [](auto&, auto&, const auto& files) { std::filesystem::remove(files.pin_file); },
     "PIN source",
     {"issuing.pin"},
     "",
     0},
    {"a PIN file that others may read",
     [](auto&, auto&, const auto& files) {
       std::filesystem::permissions(files.pin_file, std::filesystem::perms{0644});
     },
     "PIN source",
     {"issuing.pin"},
     "0600",
     0},
    {"a wrong PIN",
     [](auto&, auto&, const auto& files) { SoftHsm::write_pin(files.pin_file, "not-the-pin"); },
     "login",
     {"C_Login", "CKR_PIN_INCORRECT (0xa0)", "token 'issuing'"},
     "right PIN",
     1},
    {"a locked PIN",
     [](auto&, auto& shim, const auto&) { shim.login_rv = CKR_PIN_LOCKED; },
     "login",
     {"C_Login", "CKR_PIN_LOCKED (0xa4)"},
     "security officer",
     1},
    {"a login that fails without a reason",
     [](auto&, auto& shim, const auto&) { shim.login_rv = CKR_FUNCTION_FAILED; },
     "login",
     {"C_Login", "CKR_FUNCTION_FAILED (0x6)"},
     "log",
     1},
    {"a token that signs with nothing of ours",
     [](auto&, auto& shim, const auto&) { shim.hide_mechanism = test::kAllMechanisms; },
     "mechanisms",
     {"C_GetMechanismList", "CKR_MECHANISM_INVALID (0x70)"},
     "another token",
     1},
    {"a token that cannot sign with the key",
     [](auto&, auto& shim, const auto&) { shim.hide_mechanism = CKM_ECDSA; },
     "trial signature",
     {"C_SignInit", "CKR_MECHANISM_INVALID (0x70)", "CKM_ECDSA"},
     "another key type",
     1},
    {"a key that is not there",
     [](auto&, auto&, const auto&) {},
     "key attributes",
     {"C_FindObjects", "object=nobody"},
     "backup",
     1,
     "pkcs11:object=nobody"},
    {"a key that can leave the token",
     [](auto&, auto&, const auto&) {},
     "key attributes",
     {"C_GetAttributeValue", "CKA_EXTRACTABLE is true and must be false"},
     "chancery hsm generate-key",
     1,
     "pkcs11:object=weak"},
    {"a signature that does not verify",
     [](auto&, auto& shim, const auto&) { shim.corrupt_signature = 1; },
     "trial signature",
     {"C_Sign", "does not verify"},
     "compare the public keys",
     1},
};

}  // namespace

TEST_CASE("doctor: it stops at the first failure and names the call and the way out", "[pkcs11][I14][I18]") {
  for (const Fault& fault : kFaults) {
    INFO(fault.name);
    SoftHsm hsm;
    auto& shim = hsm.with_shim();
    const auto& files = hsm.add_token("issuing");
    auto options = options_of(hsm, files);
    {
      Token token{options};
      static_cast<void>(token.generate_key("ca-1", KeyType::ec_p256, soon()));
    }
    static_cast<void>(make_raw_key(options, "weak", [](pkcs11::Template& attributes) {
      attributes.flag(CKA_PRIVATE, true).flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, true);
    }));
    shim.logins = 0;
    fault.make(options, shim, files);
    const auto steps = pkcs11::diagnose(options, Uri::parse(fault.key));
    REQUIRE_FALSE(steps.empty());
    CHECK(std::count_if(steps.begin(), steps.end(), [](const auto& step) { return !step.ok; }) == 1);
    const auto& last = steps.back();
    INFO(last.detail << " / " << last.hint);
    CHECK_FALSE(last.ok);
    CHECK(last.what == fault.step);
    for (const std::string& said : fault.says) {
      CHECK_THAT(last.detail, Contains(said));
    }
    CHECK_FALSE(last.hint.empty());
    CHECK_THAT(last.hint, Contains(fault.advises));
    CHECK(last.detail.find("not-the-pin") == std::string::npos);
    CHECK(shim.logins == fault.logins);
  }
}

TEST_CASE("slots: tokens and mechanisms are listed for an operator", "[pkcs11]") {
  SoftHsm hsm;
  static_cast<void>(hsm.add_token("root"));
  static_cast<void>(hsm.add_token("issuing"));
  const auto slots = pkcs11::list_slots(hsm.module());
  const auto issuing =
      std::find_if(slots.begin(), slots.end(), [](const auto& slot) { return slot.label == "issuing"; });
  REQUIRE(issuing != slots.end());
  CHECK(issuing->initialized);
  CHECK(issuing->user_pin_set);
  CHECK_FALSE(issuing->user_pin_locked);
  CHECK(issuing->serial.size() == 16);
  CHECK_THAT(issuing->model, Contains("SoftHSM"));
  const auto mechanisms = pkcs11::mechanisms(hsm.module(), issuing->slot_id);
  const auto ecdsa = std::find_if(mechanisms.begin(), mechanisms.end(),
                                  [](const auto& each) { return each.name == "CKM_ECDSA"; });
  REQUIRE(ecdsa != mechanisms.end());
  CHECK(ecdsa->sign);
}
