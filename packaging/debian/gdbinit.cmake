# Run by CPack on the tree that becomes the packages.
file(GLOB_RECURSE scripts ${CPACK_TEMPORARY_DIRECTORY}/segshift-gdb.py)
foreach(script IN LISTS scripts)
  string(REGEX REPLACE "/usr/share/.*" "" root ${script})
  file(WRITE ${root}/etc/gdb/gdbinit.d/segshift.gdb "source /usr/share/segshift/segshift-gdb.py\n")
endforeach()
