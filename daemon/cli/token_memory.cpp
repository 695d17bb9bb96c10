#include "daemon/cli/token_memory.hpp"

#include <nlohmann/json.hpp>

#include "daemon/cli/certificate_files.hpp"
#include "daemon/cli/failure.hpp"
#include "daemon/cli/output_file.hpp"

namespace cli {
namespace {

std::filesystem::path memory_file(const std::filesystem::path& state) { return state / "ceremony.json"; }

}  // namespace

std::optional<TokenMemory> read_token_memory(const std::filesystem::path& state) {
  const auto file = memory_file(state);
  if (!std::filesystem::exists(file)) {
    return std::nullopt;
  }
  try {
    const auto memory = nlohmann::json::parse(read_text(file));
    return TokenMemory{.share_set = memory.at("share_set").get<std::string>(),
                       .next_set = memory.at("next_set").get<std::string>(),
                       .serial = memory.at("serial").get<std::string>(),
                       .initialised = memory.at("initialised").get<bool>(),
                       .setting = memory.at("setting").get<bool>()};
  } catch (const nlohmann::json::exception&) {
    throw Failure{"what the state folder remembers of its token is not as it was written", file.string(),
                  "bring the state folder's backup", "no PIN was made or tried"};
  }
}

void write_token_memory(const std::filesystem::path& state, const TokenMemory& memory) {
  if (std::filesystem::create_directories(state)) {
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
  }
  const nlohmann::json object = {{"share_set", memory.share_set},
                                 {"next_set", memory.next_set},
                                 {"serial", memory.serial},
                                 {"initialised", memory.initialised},
                                 {"setting", memory.setting}};
  OutputFile{memory_file(state)}.write(object.dump(2) + '\n');
}

}  // namespace cli
