//===- FileFormat.cpp - what a file is that is not ELF -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FileFormat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace segshift {

namespace {

struct Magic {
  StringLiteral Bytes;
  size_t Offset;
  StringLiteral What;
};

// Containers and formats of other systems that file_magic does not name.
constexpr Magic Magics[] = {
    {"\x1f\x8b", 0, "gzip-compressed; unpack it and give what is in it"},
    {"\xfd"
     "7zXZ",
     0, "xz-compressed; unpack it and give what is in it"},
    {"\x28\xb5\x2f\xfd", 0,
     "zstd-compressed; unpack it and give what is in it"},
    {"BZh", 0, "bzip2-compressed; unpack it and give what is in it"},
    {"\x02\x21\x4c\x18", 0, "lz4-compressed; unpack it and give what is in it"},
    {"\x04\x22\x4d\x18", 0, "lz4-compressed; unpack it and give what is in it"},
    {"\x89LZO", 0, "lzo-compressed; unpack it and give what is in it"},
    {StringLiteral::withInnerNUL("\x5d\0\0"), 0,
     "lzma-compressed; unpack it and give what is in it"},
    {"PK\x03\x04", 0, "a zip archive; unpack it and give what is in it"},
    {"070701", 0, "a cpio archive; unpack it and give what is in it"},
    {"070702", 0, "a cpio archive; unpack it and give what is in it"},
    {"070707", 0, "a cpio archive; unpack it and give what is in it"},
    {"ustar", 257, "a tar archive; unpack it and give what is in it"},
    {"QFI\xfb", 0, "a disk image; give the kernel that is on it"},
    {"CD001", 0x8001, "a disk image; give the kernel that is on it"},
    {"HdrS", 0x202,
     "a Linux bzImage, whose kernel is compressed; give vmlinux"},
    {"\x27\x05\x19\x56", 0, "a U-Boot image; give the ELF file in it"},
    {"go object ", 0, "a Go object; give the program that it is linked into"},
};

} // namespace

/// The offset of a multiboot header (version 1), which stands in the first 8
/// KiB of images of any format.
static bool hasMultibootHeader(StringRef Data) {
  for (size_t At = 0; At + 12 <= std::min<size_t>(Data.size(), 8192); At += 4) {
    const char *P = Data.data() + At;
    uint32_t Word = support::endian::read32le(P);
    if (Word == 0x1badb002 && Word + support::endian::read32le(P + 4) +
                                      support::endian::read32le(P + 8) ==
                                  0)
      return true;
  }
  return false;
}

/// Go keeps a package's export data in a member that begins as its objects do.
static bool isGoExportData(StringRef Data) {
  return Data.starts_with("go object ") && Data.contains("\n$$") &&
         !Data.contains(StringRef("\n!\n\0go1", 7));
}

/// What the file is and what to give instead, or "".
static std::string describeFormat(StringRef Data) {
  if (Data.empty())
    return "empty";
  if (isGoExportData(Data))
    return "";
  if (identify_magic(Data) == file_magic::archive)
    return "an archive; unpack it and give its members";
  for (const Magic &M : Magics)
    if (Data.substr(M.Offset).starts_with(M.Bytes))
      return M.What.str();
  if (size_t At = Data.find("\177ELF\2\1\1"); At != StringRef::npos)
    return "a file of another format, in which an ELF file begins at offset "
           "0x" +
           utohexstr(At, true) + "; cut it out and give that";
  if (hasMultibootHeader(Data))
    return "a multiboot image of another format; give the ELF image that it "
           "was made from";
  switch (identify_magic(Data)) {
  case file_magic::pecoff_executable:
    return "a PE file; for a kernel in it (an EFI stub), give the ELF image "
           "that it was made from";
  case file_magic::coff_object:
  case file_magic::coff_cl_gl_object:
  case file_magic::coff_import_library:
    return "a COFF object; compile for an ELF target";
  case file_magic::macho_object:
  case file_magic::macho_executable:
  case file_magic::macho_fixed_virtual_memory_shared_lib:
  case file_magic::macho_core:
  case file_magic::macho_preload_executable:
  case file_magic::macho_dynamically_linked_shared_lib:
  case file_magic::macho_dynamic_linker:
  case file_magic::macho_bundle:
  case file_magic::macho_dynamically_linked_shared_lib_stub:
  case file_magic::macho_dsym_companion:
  case file_magic::macho_kext_bundle:
  case file_magic::macho_file_set:
  case file_magic::macho_universal_binary:
    return "a Mach-O file; compile for an ELF target";
  case file_magic::wasm_object:
    return "a WebAssembly file; compile for x86-64";
  case file_magic::xcoff_object_32:
  case file_magic::xcoff_object_64:
  case file_magic::goff_object:
    return "an object of another system; compile for an ELF target";
  default:
    return "";
  }
}

Error notElf(StringRef Name, StringRef Data) {
  if (identify_magic(Data) == file_magic::bitcode)
    return createStringError(
        Name + ": LLVM bitcode holds no code yet; load the plugin into the "
               "linker instead (docs/plugin.md) [SEG005]");
  std::string What = describeFormat(Data);
  if (identify_magic(Data) == file_magic::archive)
    return createStringError(Name + ": not an ELF file but " + What +
                             " [SEG002]");
  return createStringError(Name + ": neither an ELF file nor an archive" +
                           (What.empty() ? "" : ", but " + What) + " [SEG002]");
}

bool mayHoldCode(StringRef Data) {
  return identify_magic(Data) == file_magic::bitcode ||
         (!Data.empty() && !describeFormat(Data).empty());
}

Error checkElfHeader(StringRef Data) {
  if (Data.size() < sizeof(ELF::Elf64_Ehdr))
    return createStringError("ELF header goes past the end of the file");
  unsigned Machine = support::endian::read16le(Data.data() + 18);
  if (uint8_t(Data[ELF::EI_CLASS]) == ELF::ELFCLASS32 &&
      uint8_t(Data[ELF::EI_DATA]) == ELF::ELFDATA2LSB)
    return createStringError(
        Machine == ELF::EM_386
            ? "not a 64-bit little-endian ELF file but one for i386; a 64-bit "
              "kernel that was packed as 32-bit ELF for a boot loader: give "
              "the ELF64 image that it was made from"
            : "not a 64-bit little-endian ELF file (32-bit and x32 objects are "
              "not supported)");
  if (uint8_t(Data[ELF::EI_CLASS]) != ELF::ELFCLASS64 ||
      uint8_t(Data[ELF::EI_DATA]) != ELF::ELFDATA2LSB)
    return createStringError("not a 64-bit little-endian ELF file (32-bit and "
                             "x32 objects are not supported)");
  if (Machine != ELF::EM_X86_64)
    return createStringError("not an x86-64 ELF file (e_machine is " +
                             Twine(Machine) + ")");
  switch (unsigned Type = support::endian::read16le(Data.data() + 16)) {
  case ELF::ET_REL:
  case ELF::ET_EXEC:
  case ELF::ET_DYN:
    return Error::success();
  case ELF::ET_CORE:
    return createStringError("a core dump, which is not what was run but a "
                             "part of its memory; give the program");
  default:
    return createStringError("not an object, executable or shared object "
                             "(e_type " +
                             Twine(Type) + ")");
  }
}

} // namespace segshift
