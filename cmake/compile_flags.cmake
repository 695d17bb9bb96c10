# Warnings for our own code, hardening for release, sanitizers by CHANCERY_SANITIZE (address | thread).
add_library(chancery_flags INTERFACE)
target_include_directories(chancery_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(chancery_flags INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Werror -Wformat -Werror=format-security
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
target_compile_definitions(chancery_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(chancery_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)

set(CHANCERY_SANITIZE "" CACHE STRING "address or thread")
if(CHANCERY_SANITIZE STREQUAL "address")
  target_compile_options(chancery_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(chancery_flags INTERFACE -fsanitize=address,undefined)
elseif(CHANCERY_SANITIZE STREQUAL "thread")
  # -Wno-error=tsan: gcc warns that it does not model fences; ours are inside libraries.
  target_compile_options(chancery_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-error=tsan)
  target_link_options(chancery_flags INTERFACE -fsanitize=thread)
elseif(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo")
  target_compile_options(chancery_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
