// The MC146818 real-time clock, as QEMU and PCs have it, in UTC.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/calendar.h"
#include "cpu/cpu.h"
#include "device/timer.h"
#include "lib/options.h"

namespace calendar {
namespace {

constexpr uint64_t Second = 1'000'000'000;
uint64_t AtTimerZero;

enum Register : uint8_t {
  Seconds = 0,
  Minutes = 2,
  Hours = 4,
  Day = 7,
  Month = 8,
  Year = 9, // of the century
  StatusA = 10,
  StatusB = 11,
  Century = 0x32,
};
enum : uint8_t {
  UpdateInProgress = 0x80,
  IsBinary = 4,
  Is24Hours = 2,
  Pm = 0x80
};

uint8_t read(Register R) {
  cpu::out8(0x70, R);
  return cpu::in8(0x71);
}

struct Date {
  unsigned Value[7]; // second, minute, hour, day, month, year, century
  bool operator==(const Date &) const = default;
};

Date readDate() {
  // A machine without the clock reads all ones: not for ever.
  for (unsigned I = 0; I != 100000 && read(StatusA) & UpdateInProgress; ++I)
    cpu::pause();
  const Register Registers[] = {Seconds, Minutes, Hours,  Day,
                                Month,   Year,    Century};
  Date D;
  for (unsigned I = 0; I != 7; ++I)
    D.Value[I] = read(Registers[I]);
  return D;
}

// Days from 1970-01-01. Years that end in March have the day of leap years
// last.
int64_t daysSince1970(int64_t Year, unsigned Month, unsigned Day) {
  Year -= Month <= 2;
  unsigned DayOfYear =
      (153 * (Month > 2 ? Month - 3 : Month + 9) + 2) / 5 + Day - 1;
  return Year * 365 + Year / 4 - Year / 100 + Year / 400 + DayOfYear - 719468;
}

uint64_t readClock() {
  Date D = readDate(), Again = readDate();
  for (unsigned I = 0; I != 10 && D != Again; ++I) {
    D = Again;
    Again = readDate();
  }
  uint8_t Format = read(StatusB);
  bool IsPm = !(Format & Is24Hours) && (D.Value[2] & Pm);
  D.Value[2] &= ~static_cast<unsigned>(Pm);
  if (!(Format & IsBinary))
    for (unsigned &V : D.Value)
      V = (V >> 4) * 10 + (V & 15);
  if (!(Format & Is24Hours))
    D.Value[2] = D.Value[2] % 12 + (IsPm ? 12 : 0);
  auto [S, M, H, Day, Month, Year, Century] = D.Value;
  if (Month < 1 || Month > 12 || Century < 19 || Century > 99)
    return 0;
  int64_t Days = daysSince1970(Century * 100 + Year, Month, Day);
  return Days < 0 ? 0 : ((Days * 24 + H) * 60 + M) * 60 + S;
}

} // namespace

void init() {
  uint64_t Now = options::getNumber("time", 0);
  AtTimerZero = (Now ? Now : readClock() * Second) - timer::now();
}

uint64_t now() { return AtTimerZero + timer::now(); }

uint64_t toTimer(uint64_t Time) {
  if (Time == timer::NoDeadline)
    return Time;
  return Time > AtTimerZero ? Time - AtTimerZero : 0;
}

} // namespace calendar
