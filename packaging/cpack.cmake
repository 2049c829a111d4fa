# Debian packages: `cpack --config build/CPackConfig.cmake`, or `./dev package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME segshift)
set(CPACK_PACKAGE_VENDOR "segshift")
set(CPACK_PACKAGE_CONTACT "The segshift developers <segshift@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES OFF) # libsegshift.a keeps its symbols
set(CPACK_COMPONENTS_ALL tools dev)
foreach(version IN LISTS SEGSHIFT_GCC_BUILT)
  list(APPEND CPACK_COMPONENTS_ALL gcc${version})
endforeach()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME segshift)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "A plugin for Clang ${LLVM_VERSION_MAJOR}, and the segshift command: it rewrites objects of
other compilers, and audits kernel images for uses of %fs.")
# The command links libLLVM, the plugin is loaded into clang: both are of that one
# release, whose minor version the plugin checks when it is loaded.
set(llvm_from "1:${LLVM_VERSION_MAJOR}.${LLVM_VERSION_MINOR}")
math(EXPR next_minor "${LLVM_VERSION_MINOR} + 1")
set(llvm_to "1:${LLVM_VERSION_MAJOR}.${next_minor}")
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libc6 (>= 2.36), libstdc++6 (>= 12), \
libllvm${LLVM_VERSION_MAJOR} (>= ${llvm_from}), libllvm${LLVM_VERSION_MAJOR} (<< ${llvm_to})")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS
    "clang-${LLVM_VERSION_MAJOR}, lld-${LLVM_VERSION_MAJOR}, libsegshift-dev")

# The self-test, when the package is configured and when Clang is changed under it.
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/triggers ${CMAKE_CURRENT_SOURCE_DIR}/debian/conffiles)
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libsegshift-dev)
set(CPACK_DEBIAN_DEV_DESCRIPTION "libsegshift.a and its headers: TLS blocks, GS_BASE, the application's FS, macros for
kernel entry and exit; a CMake package and a pkg-config file.")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "segshift (= ${PROJECT_VERSION})")
# Of use to share/segshift/hosted alone.
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "llvm-${LLVM_VERSION_MAJOR}, gcc, musl-tools")

# A package for each GCC, whose plugin wants exactly the compiler that it was built for.
foreach(version IN LISTS SEGSHIFT_GCC_BUILT)
  execute_process(COMMAND dpkg-query -W -f "\${Version}" gcc-${version}
                  OUTPUT_VARIABLE installed ERROR_QUIET)
  set(needs "gcc-${version}")
  if(installed MATCHES "^([0-9.]+)-([0-9]+)")
    math(EXPR next "${CMAKE_MATCH_2} + 1")
    set(needs "gcc-${version} (>= ${CMAKE_MATCH_1}-${CMAKE_MATCH_2}), gcc-${version} (<< ${CMAKE_MATCH_1}-${next})")
  endif()
  set(CPACK_DEBIAN_GCC${version}_PACKAGE_NAME segshift-gcc-${version})
  set(CPACK_DEBIAN_GCC${version}_DESCRIPTION "A plugin for GCC ${version}: thread-local variables and the canary in GS.")
  set(CPACK_DEBIAN_GCC${version}_PACKAGE_DEPENDS "libc6 (>= 2.36), ${needs}")
  set(CPACK_DEBIAN_GCC${version}_PACKAGE_RECOMMENDS "segshift, libsegshift-dev")
endforeach()

# gdb reads /etc/gdb/gdbinit.d by itself, which is outside of the prefix.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian/gdbinit.cmake)

include(CPack)
