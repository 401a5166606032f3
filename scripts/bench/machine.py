"""The machine a table was measured on: what a reader needs to judge the absolute figures."""

import os
import pathlib
import platform
import subprocess


def cpu_flags():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("flags"):
            return set(line.split(":")[1].split())
    return set()


def instruction_sets():
    """The names of ASSAY_INSTRUCTION_SET that are worth measuring here, narrowest first."""
    flags = cpu_flags()
    sets = ["avx2"] if {"avx2", "fma", "f16c"} <= flags else []
    wide = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}
    return sets + (["avx512"] if wide <= flags else [])


def first_line(path, missing="unknown"):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError):
        return missing


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def facts(root, threads):
    """Pairs of a name and a value."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    found = subprocess.run(
        ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=10"],
        capture_output=True, text=True, check=False)
    return [
        ("processor", f"{cpu_name()}, {os.cpu_count()} processors, {threads} threads used"),
        ("memory", f"{memory:.0f} GiB, huge pages "
                   f"{first_line('/sys/kernel/mm/transparent_hugepage/enabled')}"),
        ("system", f"Linux {platform.release()}, governor "
                   + first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                                "not visible")
                   + f", load average {os.getloadavg()[0]:.1f} at the end"),
        ("commit", found.stdout.strip() or "unknown"),
    ]
