#include "config/secret_file.hpp"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace config {

std::string secret_file_fault(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return file.string() + ": " + std::strerror(errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return file.string() + " is not a regular file";
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return file.string() + " can be read by others than its owner: chmod 600 it";
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return file.string() + " belongs to another user";
  }
  return "";
}

}  // namespace config
