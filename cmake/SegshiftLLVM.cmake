# The one LLVM major that the plugin is written for: it uses code-generator
# interfaces that LLVM does not keep stable from one major to the next.
set(SEGSHIFT_LLVM_MAJOR 22)
set(_llvm_hint "Install it with './dev setup' (package llvm-${SEGSHIFT_LLVM_MAJOR}-dev), or set \
LLVM_DIR to the folder that holds the LLVMConfig.cmake of an LLVM ${SEGSHIFT_LLVM_MAJOR}.")

if(LLVM_DIR)
  # The user's choice is taken or refused, not passed over for another.
  find_package(LLVM CONFIG REQUIRED PATHS ${LLVM_DIR} NO_DEFAULT_PATH)
else()
  # LLVM accepts a request only for its own major and minor version.
  find_package(LLVM ${SEGSHIFT_LLVM_MAJOR}.1 CONFIG QUIET
               PATHS /usr/lib/llvm-${SEGSHIFT_LLVM_MAJOR})
endif()
if(NOT LLVM_FOUND)
  list(REMOVE_DUPLICATES LLVM_CONSIDERED_VERSIONS)
  list(JOIN LLVM_CONSIDERED_VERSIONS ", " _llvm_seen)
  if(_llvm_seen STREQUAL "")
    set(_llvm_seen "none")
  endif()
  message(FATAL_ERROR "segshift needs LLVM ${SEGSHIFT_LLVM_MAJOR}; versions found: "
                      "${_llvm_seen}. ${_llvm_hint}")
endif()
if(NOT LLVM_VERSION_MAJOR EQUAL SEGSHIFT_LLVM_MAJOR)
  message(FATAL_ERROR "segshift needs LLVM ${SEGSHIFT_LLVM_MAJOR}, but ${LLVM_DIR} is "
                      "LLVM ${LLVM_PACKAGE_VERSION}. ${_llvm_hint}")
endif()
if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang" OR
   NOT CMAKE_C_COMPILER_VERSION MATCHES "^${SEGSHIFT_LLVM_MAJOR}\\.")
  message(FATAL_ERROR
    "The kernel stub is compiled by clang-${SEGSHIFT_LLVM_MAJOR} with the plugin, but the C "
    "compiler is ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}. Use "
    "'cmake --preset default', or -DCMAKE_C_COMPILER=clang-${SEGSHIFT_LLVM_MAJOR} "
    "-DCMAKE_CXX_COMPILER=clang++-${SEGSHIFT_LLVM_MAJOR} in a new build folder.")
endif()
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
