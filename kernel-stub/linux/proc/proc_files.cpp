// What is in /proc and /sys: as much as programs were seen to ask for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cpu/cpu.h"
#include "cpu/random.h"
#include "cpu/smp.h"
#include "device/log.h"
#include "device/timer.h"
#include "lib/string.h"
#include "linux/fs/directory.h"
#include "linux/fs/file_memory.h"
#include "linux/fs/open_file.h"
#include "linux/proc/proc.h"
#include "linux/process/process.h"
#include "thread/thread.h"

namespace proc {
namespace {

int processId() { return process::current()->Id; }

const char *commandName() {
  const char *Path = process::current()->Path, *Name = Path;
  for (const char *C = Path; *C; ++C)
    if (*C == '/')
      Name = C + 1;
  return Name;
}

// -- /proc/self

Node *program() {
  Node *N = file::table().Program;
  if (N)
    N->ref();
  return N;
}

Node *currentDirectory() { return file::table().directory(); }

Node *rootDirectory() {
  file::Root->ref();
  return file::Root;
}

void writeStrings(Text &T, const process::Strings &S) {
  T.addBytes(S.Data, S.Size);
}
void writeCmdline(Text &T) { writeStrings(T, process::current()->Arguments); }
void writeEnviron(Text &T) { writeStrings(T, process::current()->Environment); }

// The kernel's, as in 15 characters.
void writeComm(Text &T) {
  char Name[16];
  format(Name, sizeof(Name), "%s", commandName());
  T.add("%s\n", Name);
}

void writeStatus(Text &T) {
  char Name[16];
  format(Name, sizeof(Name), "%s", commandName());
  int Id = processId();
  T.add("Name:\t%s\nUmask:\t0%d%d%d\nState:\tR (running)\nTgid:\t%d\nNgid:\t0\n"
        "Pid:\t%d\nPPid:\t0\nTracerPid:\t0\nUid:\t0\t0\t0\t0\n"
        "Gid:\t0\t0\t0\t0\nFDSize:\t%d\nGroups:\t\n",
        Name, file::table().Umask >> 6 & 7, file::table().Umask >> 3 & 7,
        file::table().Umask & 7, Id, Id, FileTable::MaxFiles);
  T.add("Threads:\t%u\n", process::current()->NumThreads);
}

void writeStat(Text &T) {
  char Name[16];
  format(Name, sizeof(Name), "%s", commandName());
  // proc(5): fields 1 to 52; what is not known is 0.
  T.add("%d (%s) R 0 %d %d 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 0 0 0 "
        "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 "
        "0 0 "
        "0\n",
        processId(), Name, processId(), processId(),
        process::current()->NumThreads);
}

void writeLimits(Text &T) {
  T.add("Limit                     Soft Limit           Hard Limit           "
        "Units     \n"
        "Max stack size            8388608              unlimited            "
        "bytes     \n"
        "Max open files            %d                 %d                 "
        "files     \n",
        FileTable::MaxFiles, FileTable::MaxFiles);
}

void writeMounts(Text &T) {
  T.add("rootfs / tmpfs rw 0 0\nproc /proc proc ro 0 0\nsysfs /sys sysfs ro 0 "
        "0\n");
}

void writeMountinfo(Text &T) {
  T.add("1 1 0:1 / / rw - tmpfs rootfs rw\n2 1 0:6 / /proc ro - proc proc ro\n"
        "3 1 0:6 / /sys ro - sysfs sysfs ro\n");
}

// Decimal, without leading zeros; -1 if it is none.
int64_t numberOf(file::Name N) {
  if (!N.Size || N.Size > 9 || (N.Size > 1 && N.Text[0] == '0'))
    return -1;
  int64_t Value = 0;
  for (size_t I = 0; I != N.Size; ++I) {
    if (N.Text[I] < '0' || N.Text[I] > '9')
      return -1;
    Value = Value * 10 + (N.Text[I] - '0');
  }
  return Value;
}

Node *lookupFd(file::Name N) {
  OpenFile *F = file::table().get(static_cast<int>(numberOf(N)));
  if (!F)
    return nullptr;
  F->N.ref();
  Node *Link = makeLink(F->N);
  F->unref();
  return Link;
}

void setMember(file::Member &M, int Number, uint32_t Type) {
  M.Inode = 0x10000 + Number;
  M.Type = Type;
  M.Size = format(M.Text, sizeof(M.Text), "%d", Number);
}

bool fdAfter(uint64_t &Cookie, file::Member &M) {
  int Fd = Cookie < FileTable::MaxFiles
               ? file::table().next(static_cast<int>(Cookie))
               : -1;
  if (Fd < 0)
    return false;
  setMember(M, Fd, file::SymbolicLink);
  Cookie = Fd + 1;
  return true;
}

constexpr Entry ThreadFiles[] = {
    {.Name = "comm", .Write = writeComm},
    {.Name = "stat", .Write = writeStat},
    {.Name = "status", .Write = writeStatus},
    {.Name = nullptr},
};

constexpr Entry ThreadDirectory = {.Name = "self", .Members = ThreadFiles};

bool isThread(int Id) {
  bool Own = false;
  thread::withThread(Id,
                     [&](Thread &T) { Own = T.Owner == process::current(); });
  return Own;
}

// The files of each thread are the program's.
Node *lookupTask(file::Name N) {
  int64_t Id = numberOf(N);
  return Id > 0 && isThread(static_cast<int>(Id))
             ? makeDirectory(ThreadDirectory)
             : nullptr;
}

// The threads in the order of their numbers.
bool taskAfter(uint64_t &Cookie, file::Member &M) {
  int Next = 0;
  thread::forEach(*process::current(), [&](Thread &T) {
    if (static_cast<uint64_t>(T.Id) > Cookie && (!Next || T.Id < Next))
      Next = T.Id;
  });
  if (!Next)
    return false;
  Cookie = Next;
  setMember(M, Next, file::DirectoryType);
  return true;
}

// -- /proc

void writeMeminfo(Text &T) {
  uint64_t Total = fileMemory::limit() * 2, Free = memory::freePages();
  T.add(
      "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nMemAvailable:   %8lu "
      "kB\nBuffers:        %8u kB\nCached:         %8lu kB\nSwapTotal:      "
      "%8u "
      "kB\nSwapFree:       %8u kB\nShmem:          %8lu kB\n",
      Total * 4, Free * 4, Free * 4, 0, fileMemory::used() * 4, 0, 0,
      fileMemory::used() * 4);
}

using smp::numCpus;

void writeCpuinfo(Text &T) {
  char Vendor[13] = {}, Model[49] = {};
  cpu::CpuidResult R = cpu::cpuid(0);
  memcpy(Vendor, &R.Ebx, 4);
  memcpy(Vendor + 4, &R.Edx, 4);
  memcpy(Vendor + 8, &R.Ecx, 4);
  if (cpu::cpuid(0x80000000).Eax >= 0x80000004)
    for (unsigned I = 0; I != 3; ++I) {
      R = cpu::cpuid(0x80000002 + I);
      memcpy(Model + I * 16, &R, 16);
    }
  R = cpu::cpuid(1);
  for (unsigned I = 0; I != numCpus(); ++I)
    T.add("processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: "
          "%u\nmodel name\t: %s\nstepping\t: %u\ncpu MHz\t\t: "
          "1000.000\nsiblings\t: "
          "%u\ncore id\t\t: %u\ncpu cores\t: %u\nfpu\t\t: yes\nflags\t\t: fpu "
          "sse "
          "sse2\n\n",
          I, Vendor, R.Eax >> 8 & 15, (R.Eax >> 4 & 15) | (R.Eax >> 12 & 0xf0),
          Model, R.Eax & 15, numCpus(), I, numCpus());
}

void writeStatOfAll(Text &T) {
  T.add("cpu  0 0 0 0 0 0 0 0 0 0\n");
  for (unsigned I = 0; I != numCpus(); ++I)
    T.add("cpu%u 0 0 0 0 0 0 0 0 0 0\n", I);
  T.add("btime 0\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n");
}

void writeUptime(Text &T) {
  uint64_t Centiseconds = timer::now() / 10000000;
  T.add("%lu.%02lu 0.00\n", Centiseconds / 100, Centiseconds % 100);
}

void writeLoadavg(Text &T) { T.add("0.00 0.00 0.00 1/1 1\n"); }
void writeFilesystems(Text &T) {
  T.add("nodev\ttmpfs\nnodev\tproc\nnodev\tsysfs\n");
}

// As uname(2) has them.
void writeVersion(Text &T) {
  T.add("Linux version 6.1.0-segshift-stub kernel TLS mode " MODE_NAME "\n");
}
void writeRelease(Text &T) { T.add("6.1.0-segshift-stub\n"); }
void writeSystem(Text &T) { T.add("Linux\n"); }
void writeHostname(Text &T) { T.add("segshift\n"); }

void writeZero(Text &T) { T.add("0\n"); }
void writeNgroups(Text &T) { T.add("65536\n"); }
void writeLastCapability(Text &T) { T.add("40\n"); }
void writePidMax(Text &T) { T.add("4194304\n"); }
void writeMaxMapCount(Text &T) { T.add("65530\n"); }
void writeMmapMin(Text &T) { T.add("65536\n"); }
void writeMaxFiles(Text &T) { T.add("%d\n", FileTable::MaxFiles); }
void writePipeMax(Text &T) { T.add("65536\n"); }
void writeEntropy(Text &T) { T.add("256\n"); }

void writeUuidOf(Text &T, uint64_t High, uint64_t Low) {
  T.add("%08lx-%04lx-4%03lx-8%03lx-%012lx\n", High >> 32, High >> 16 & 0xffff,
        High & 0xfff, Low >> 52, Low & 0xffffffffffff);
}
void writeUuid(Text &T) { writeUuidOf(T, random::next(), random::next()); }
void writeBootId(Text &T) {
  static uint64_t High = random::next(), Low = random::next();
  writeUuidOf(T, High, Low);
}

// -- /sys

void writeCpus(Text &T) {
  if (numCpus() == 1)
    T.add("0\n");
  else
    T.add("0-%u\n", numCpus() - 1);
}
void writeHugePages(Text &T) { T.add("always madvise [never]\n"); }
void writeHugePageSize(Text &T) { T.add("2097152\n"); }

constexpr Entry SelfFiles[] = {
    {.Name = "cmdline", .Write = writeCmdline},
    {.Name = "comm", .Write = writeComm},
    {.Name = "cwd", .Target = currentDirectory},
    {.Name = "environ", .Write = writeEnviron},
    {.Name = "exe", .Target = program},
    {.Name = "fd", .Lookup = lookupFd, .MemberAfter = fdAfter},
    {.Name = "limits", .Write = writeLimits},
    {.Name = "maps", .Write = writeMaps},
    {.Name = "mountinfo", .Write = writeMountinfo},
    {.Name = "mounts", .Write = writeMounts},
    {.Name = "oom_score_adj", .Write = writeZero},
    {.Name = "root", .Target = rootDirectory},
    {.Name = "stat", .Write = writeStat},
    {.Name = "statm", .Write = writeStatm},
    {.Name = "status", .Write = writeStatus},
    {.Name = "task", .Lookup = lookupTask, .MemberAfter = taskAfter},
    {.Name = nullptr},
};

constexpr Entry RandomFiles[] = {
    {.Name = "boot_id", .Write = writeBootId},
    {.Name = "entropy_avail", .Write = writeEntropy},
    {.Name = "uuid", .Write = writeUuid},
    {.Name = nullptr},
};

constexpr Entry KernelFiles[] = {
    {.Name = "cap_last_cap", .Write = writeLastCapability},
    {.Name = "hostname", .Write = writeHostname},
    {.Name = "ngroups_max", .Write = writeNgroups},
    {.Name = "osrelease", .Write = writeRelease},
    {.Name = "ostype", .Write = writeSystem},
    {.Name = "pid_max", .Write = writePidMax},
    {.Name = "random", .Members = RandomFiles},
    {.Name = "randomize_va_space", .Write = writeZero},
    {.Name = nullptr},
};

constexpr Entry SysVmFiles[] = {
    {.Name = "max_map_count", .Write = writeMaxMapCount},
    {.Name = "mmap_min_addr", .Write = writeMmapMin},
    {.Name = "overcommit_memory", .Write = writeZero},
    {.Name = nullptr},
};

constexpr Entry SysFsFiles[] = {
    {.Name = "file-max", .Write = writeMaxFiles},
    {.Name = "nr_open", .Write = writeMaxFiles},
    {.Name = "pipe-max-size", .Write = writePipeMax},
    {.Name = nullptr},
};

constexpr Entry ControlFiles[] = {
    {.Name = "fs", .Members = SysFsFiles},
    {.Name = "kernel", .Members = KernelFiles},
    {.Name = "vm", .Members = SysVmFiles},
    {.Name = nullptr},
};

constexpr Entry CpuFiles[] = {
    {.Name = "online", .Write = writeCpus},
    {.Name = "possible", .Write = writeCpus},
    {.Name = "present", .Write = writeCpus},
    {.Name = nullptr},
};
constexpr Entry SystemFiles[] = {{.Name = "cpu", .Members = CpuFiles},
                                 {.Name = nullptr}};
constexpr Entry DevicesFiles[] = {{.Name = "system", .Members = SystemFiles},
                                  {.Name = nullptr}};
constexpr Entry HugeFiles[] = {
    {.Name = "enabled", .Write = writeHugePages},
    {.Name = "hpage_pmd_size", .Write = writeHugePageSize},
    {.Name = nullptr},
};
constexpr Entry MmFiles[] = {
    {.Name = "transparent_hugepage", .Members = HugeFiles}, {.Name = nullptr}};
constexpr Entry SysKernelFiles[] = {{.Name = "mm", .Members = MmFiles},
                                    {.Name = nullptr}};

constexpr Entry ProcMembers[] = {
    {.Name = "cpuinfo", .Write = writeCpuinfo},
    {.Name = "filesystems", .Write = writeFilesystems},
    {.Name = "loadavg", .Write = writeLoadavg},
    {.Name = "meminfo", .Write = writeMeminfo},
    {.Name = "mounts", .Write = writeMounts},
    {.Name = "self", .Members = SelfFiles},
    {.Name = "stat", .Write = writeStatOfAll},
    {.Name = "sys", .Members = ControlFiles},
    {.Name = "thread-self", .Members = ThreadFiles},
    {.Name = "uptime", .Write = writeUptime},
    {.Name = "version", .Write = writeVersion},
    {.Name = nullptr},
};

constexpr Entry SelfDirectory = {.Name = "self", .Members = SelfFiles};

Node *lookupProcess(file::Name N) {
  return numberOf(N) == processId() ? makeDirectory(SelfDirectory) : nullptr;
}

constexpr Entry SysMembers[] = {
    {.Name = "devices", .Members = DevicesFiles},
    {.Name = "kernel", .Members = SysKernelFiles},
    {.Name = nullptr},
};

} // namespace

constexpr Entry ProcRoot = {
    .Name = "proc", .Members = ProcMembers, .Lookup = lookupProcess};
constexpr Entry SysRoot = {.Name = "sys", .Members = SysMembers};

} // namespace proc
