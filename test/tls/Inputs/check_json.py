# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import json
import sys

(program,) = json.load(open(sys.argv[1]))
assert program["segment"]["blockSize"] == 24, program["segment"]
assert [(v["name"], v["tpoff"]) for v in program["variables"]] == [
    ("table", -24), ("last", -8)]
found = program["withKernel"]
assert found["overlapBytes"] == 16 and found["reservationNeeded"] == 24, found
assert found["setsFsItself"] is True and found["kernelOnGs"] is False
assert [(r["tpoff"], r["size"], r["program"], r["kernel"]) for r in found["ranges"]] == [
    (-16, 8, "table", "current"), (-8, 4, "last", "depth"), (-4, 4, "", "")]
