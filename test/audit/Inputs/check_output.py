"""Checks the JSON and SARIF reports of reject/output.s.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import json
import sys

json_path, sarif_path, object_path, source, allow = sys.argv[1:]
with open(source) as f:
    line = next(i for i, text in enumerate(f, 1) if text.strip() == "movq %fs:0x28, %rax")

report = json.load(open(json_path, encoding="utf-8"))
assert report["tool"] == "segshift audit" and report["version"] == 1
assert report["summary"] == {"findings": 1, "allowed": 1, "onPurpose": 0, "onPurposeAtContractOffsets": 0, "notes": 3, "notRead": 0}, report
(file,) = report["files"]
assert file["file"] == object_path and file["type"] == "relocatable"
functions = {f["name"]: f["sites"] for f in file["functions"]}
assert [s["kind"] for s in functions["bad"]] == ["fs-memory", "swapgs"]
first, second = functions["bad"]
assert first["status"] == "finding" and second["status"] == "note"
assert first["bytes"] == "64488b042528000000" and first["address"] == "0x0"
assert first["assembly"] == "movq %fs:0x28, %rax"
assert first["source"]["line"] == line and first["source"]["file"].endswith("output.s")
(permitted,) = functions["allowed_one"]
assert permitted["status"] == "allowed" and permitted["reason"] == "for the test"
(unused,) = report["general"]
assert unused["kind"] == "unused-allow" and unused["source"] == {"file": allow, "line": 2}

# SARIF 2.1.0: what the standard requires, section by section.
sarif = json.load(open(sarif_path, encoding="utf-8"))
assert sarif["version"] == "2.1.0" and sarif["$schema"].endswith("sarif-schema-2.1.0.json")
(run,) = sarif["runs"]
driver = run["tool"]["driver"]
assert driver["name"] == "segshift audit" and driver["semanticVersion"]
rules = [r["id"] for r in driver["rules"]]
assert len(rules) == len(set(rules))
for rule in driver["rules"]:
    assert rule["shortDescription"]["text"] and rule["help"]["text"]
    assert rule["defaultConfiguration"]["level"] in ("error", "note")
assert len(run["results"]) == 5
for result in run["results"]:
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in ("error", "note") and result["message"]["text"]
    for location in result.get("locations", []):
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"] and " " not in place["artifactLocation"]["uri"]
        region = place.get("region", {"startLine": 1})
        assert region.get("startLine", 1) >= 1 and region.get("byteOffset", 0) >= 0
    for suppression in result.get("suppressions", []):
        assert suppression["kind"] in ("inSource", "external")
        assert suppression["justification"]
found = run["results"][0]
assert found["ruleId"] == "fs-memory" and found["level"] == "error"
assert found["locations"][0]["physicalLocation"]["region"]["startLine"] == line
assert found["locations"][0]["logicalLocations"][0]["name"] == "bad"
assert sum("suppressions" in r for r in run["results"]) == 1
