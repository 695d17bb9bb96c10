#pragma once
#include <filesystem>
#include <string>

namespace cli {

// Whether `signature` is OpenSSH's (ssh-keygen -Y sign -n chancery-ceremony) over the file by the key in
// `public_key`, said by ssh-keygen itself. Empty: yes; else why not. Throws Failure when there is no
// ssh-keygen.
[[nodiscard]] std::string ssh_complaint(const std::filesystem::path& signed_file,
                                        const std::filesystem::path& signature,
                                        const std::string& public_key);

}  // namespace cli
