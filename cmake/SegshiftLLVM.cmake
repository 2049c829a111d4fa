# The one LLVM major that the plugin is written for: it uses code-generator
# interfaces that LLVM does not keep stable from one major to the next.
set(SEGSHIFT_LLVM_MAJOR 22)

find_package(LLVM ${SEGSHIFT_LLVM_MAJOR}.1 CONFIG QUIET
             PATHS /usr/lib/llvm-${SEGSHIFT_LLVM_MAJOR})
if(NOT LLVM_FOUND)
  set(_seen "")
  foreach(_v IN LISTS LLVM_CONSIDERED_VERSIONS)
    string(APPEND _seen " ${_v}")
  endforeach()
  if(_seen STREQUAL "")
    set(_seen " none")
  endif()
  message(FATAL_ERROR
    "segshift needs LLVM ${SEGSHIFT_LLVM_MAJOR}; versions found:${_seen}.\n"
    "Install it with './dev setup' (Debian and Ubuntu: llvm-${SEGSHIFT_LLVM_MAJOR}-dev), "
    "or set LLVM_DIR to the folder that holds its LLVMConfig.cmake.")
endif()
if(NOT LLVM_VERSION_MAJOR EQUAL SEGSHIFT_LLVM_MAJOR)
  message(FATAL_ERROR
    "segshift needs LLVM ${SEGSHIFT_LLVM_MAJOR}, but LLVM_DIR=${LLVM_DIR} is "
    "LLVM ${LLVM_PACKAGE_VERSION}. Install llvm-${SEGSHIFT_LLVM_MAJOR}-dev "
    "('./dev setup'), or point LLVM_DIR to LLVM ${SEGSHIFT_LLVM_MAJOR}.")
endif()

if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang" OR
   NOT CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL ${SEGSHIFT_LLVM_MAJOR} OR
   NOT CMAKE_C_COMPILER_VERSION VERSION_LESS 23)
  message(FATAL_ERROR
    "The kernel stub is compiled by clang-${SEGSHIFT_LLVM_MAJOR} with the plugin, but the C "
    "compiler is ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}. Use "
    "'cmake --preset default', or -DCMAKE_C_COMPILER=clang-${SEGSHIFT_LLVM_MAJOR} "
    "-DCMAKE_CXX_COMPILER=clang++-${SEGSHIFT_LLVM_MAJOR} in a new build folder.")
endif()
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")
