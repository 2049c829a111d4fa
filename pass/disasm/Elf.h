//===- Elf.h - what the tools need of an x86-64 ELF file -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A view of one ELF64 x86-64 file by llvm::object::ELFFile: regions of code,
// symbols, relocations. Nothing is copied; the buffer must outlive the view.
//
// Addresses: in a relocatable object an address is an offset into its section;
// in a linked image it is a virtual address. A region index always goes with
// it.
//
//===----------------------------------------------------------------------===//
#ifndef SEGSHIFT_DISASM_ELF_H
#define SEGSHIFT_DISASM_ELF_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace segshift {

using ELFT = llvm::object::ELF64LE;
using ELFFile = llvm::object::ELFFile<ELFT>;

/// A run of executable bytes: a section with SHF_EXECINSTR or, where no section
/// header covers it, a part of a PT_LOAD segment with PF_X.
struct Region {
  llvm::StringRef Name;    ///< section name, or "PT_LOAD"
  uint32_t Section = 0;    ///< section index, or 0
  uint64_t Address = 0;    ///< of the first byte
  uint64_t FileOffset = 0; ///< of the first byte
  llvm::ArrayRef<uint8_t> Bytes;

  uint64_t end() const { return Address + Bytes.size(); }
  bool contains(uint64_t A) const { return A >= Address && A < end(); }
};

struct Symbol {
  llvm::StringRef Name; ///< "" for a function start known from .eh_frame only
  uint64_t Address = 0;
  uint64_t Size = 0;
  uint8_t Type = llvm::ELF::STT_NOTYPE;
  uint8_t Binding = llvm::ELF::STB_LOCAL;

  bool isFunction() const {
    return Type == llvm::ELF::STT_FUNC || Type == llvm::ELF::STT_GNU_IFUNC;
  }
  bool isData() const {
    return Type == llvm::ELF::STT_OBJECT || Type == llvm::ELF::STT_TLS ||
           Type == llvm::ELF::STT_COMMON;
  }
};

/// A relocation of a relocatable object's code.
struct Relocation {
  uint64_t Address = 0; ///< of the field, in the region
  uint32_t Type = 0;
  uint32_t Symbol = 0; ///< index in the symbol table
  int64_t Addend = 0;
  uint64_t EntryOffset = 0; ///< file offset of the Elf64_Rela
};

/// The thread-local segment of a linked image.
struct TlsSegment {
  uint64_t MemSize = 0, FileSize = 0, Align = 1, Address = 0;
  /// Variables lie at tp - blockSize() .. tp (psABI, TLS variant II).
  uint64_t blockSize() const;
};

class ElfObject {
public:
  /// Parses the headers. Errors name \p Buffer's identifier, what is wrong and
  /// the number: not ELF64 x86-64 with machine code, or malformed.
  static llvm::Expected<std::unique_ptr<ElfObject>>
  create(llvm::MemoryBufferRef Buffer);

  const ELFFile &file() const { return File; }
  llvm::MemoryBufferRef buffer() const { return Buffer; }
  bool isRelocatable() const {
    return File.getHeader().e_type == llvm::ELF::ET_REL;
  }

  llvm::ArrayRef<Region> regions() const { return Regions; }
  /// Symbols in region \p R by address (function symbols first at the same
  /// address), without section, file and mapping symbols.
  llvm::ArrayRef<Symbol> symbols(unsigned R) const { return Symbols[R]; }
  /// Relocations of region \p R by address; empty for linked images.
  llvm::ArrayRef<Relocation> relocations(unsigned R) const {
    return Relocations[R];
  }
  /// The relocations with From <= Address < To.
  llvm::ArrayRef<Relocation> relocations(unsigned R, uint64_t From,
                                         uint64_t To) const;
  /// The relocation at \p Offset of any section of a relocatable object, or
  /// null.
  const ELFT::Rela *relocationAt(uint32_t Section, uint64_t Offset) const;
  /// Name of a symbol by its index in the symbol table (for a section symbol
  /// the section's name); "" when there is none.
  llvm::StringRef symbolName(uint32_t Index) const;
  /// The symbol table's entry, or null. For relocatable objects.
  const ELFT::Sym *symbol(uint32_t Index) const;
  /// Index of the section that a symbol is defined in, also where the symbol
  /// table has no room for it; 0 when there is none (undefined, absolute).
  uint32_t symbolSection(uint32_t Index) const;

  /// The symbol that \p Address belongs to: the last function (or other
  /// symbol) that starts at or before it; null when there is none.
  const Symbol *enclosing(unsigned R, uint64_t Address) const;
  /// "main+0x12", or "" without a symbol.
  std::string symbolize(unsigned R, uint64_t Address) const;
  /// ".text+0x40 (main+0x12)"; for images the section offset as well.
  std::string describe(unsigned R, uint64_t Address) const;

  const std::optional<TlsSegment> &tls() const { return Tls; }
  /// The dynamic table. ELFFile's own reads a PT_DYNAMIC that goes past the end
  /// of the file.
  llvm::Expected<ELFT::DynRange> dynamicEntries() const;
  /// The dynamic relocation at \p Address in a linked image, or null.
  const ELFT::Rela *dynamicRelocation(uint64_t Address) const;
  /// The bytes at \p Address in a linked image, if they are in the file.
  std::optional<uint64_t> read64(uint64_t Address) const;
  std::optional<uint32_t> read32(uint64_t Address) const;
  /// The bytes at an address of a linked image, up to the end of the segment in
  /// the file. Segments may stand in any order.
  llvm::ArrayRef<uint8_t> bytesAt(uint64_t Address) const;

private:
  ElfObject(llvm::MemoryBufferRef Buffer, ELFFile File)
      : Buffer(Buffer), File(std::move(File)) {}
  llvm::Error readFile();
  llvm::Error readSections();
  llvm::Error readSegments();
  void addUncovered(const ELFT::Phdr &Phdr, llvm::ArrayRef<uint8_t> Bytes);
  llvm::Error readSymbols();
  llvm::Error readSymbolTable(const ELFT::Shdr &Table);
  llvm::Error readDynamicSymbols();
  llvm::Error readRelocations();
  llvm::Error readDynamicRelocations();
  uint64_t fdeSize(uint64_t Entry, uint64_t Start) const;
  void readEhFrameHeader(const ELFT::Phdr &Phdr);
  llvm::ArrayRef<uint8_t> bytesAt(uint64_t Address, uint64_t Size) const;
  int regionOfSection(uint32_t Section) const {
    return Section < RegionOfSection.size() ? RegionOfSection[Section] : -1;
  }
  void addSymbol(const Symbol &S, uint32_t Section);

  llvm::MemoryBufferRef Buffer;
  ELFFile File;
  std::vector<Region> Regions;
  std::vector<int> RegionOfSection; ///< by section index; -1 for none
  std::vector<std::vector<Symbol>> Symbols;
  std::vector<std::vector<Relocation>> Relocations;
  ELFT::SymRange SymbolTable;
  llvm::StringRef StringTable;
  llvm::ArrayRef<ELFT::Word> SectionIndices; ///< of symbols with SHN_XINDEX
  std::optional<TlsSegment> Tls;
  std::unordered_map<uint64_t, const ELFT::Rela *> DynamicRelocations;
  /// By section: offset to relocation. Filled when first asked for.
  mutable std::unordered_map<uint32_t,
                             std::unordered_map<uint64_t, const ELFT::Rela *>>
      DataRelocations;
};

} // namespace segshift
#endif
