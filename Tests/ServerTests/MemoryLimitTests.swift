// The memory of a process from the texts of its control groups.

import Server
import Testing

@Suite struct MemoryLimitTests {
    private func limit(_ files: [String: String]) -> Int? {
        MemoryLimit.groupLimit { files[$0] }
    }

    @Test func theSmallestLimitOfAllGroupsAboveHolds() {
        let files = [
            "/proc/self/cgroup": "0::/system.slice/assayd.service\n",
            "/sys/fs/cgroup/system.slice/assayd.service/memory.max": "max\n",
            "/sys/fs/cgroup/system.slice/memory.max": "2147483648\n",
            "/sys/fs/cgroup/memory.max": "4294967296\n",
        ]
        #expect(limit(files) == 2_147_483_648)
    }

    @Test func versionOneHasAFolderOfItsOwn() {
        let files = [
            "/proc/self/cgroup": "7:cpu,cpuacct:/a\n4:memory:/docker/x\n1:name=systemd:/\n",
            "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "536870912\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1\n",
        ]
        #expect(limit(files) == 536_870_912)
    }

    /// Inside a container the path is the host's, and the mount's root is the container.
    @Test func aPathThatLiesNowhereLeavesTheRoot() {
        let files = [
            "/proc/self/cgroup": "0::/docker/0123/app\n",
            "/sys/fs/cgroup/memory.max": "1073741824\n",
        ]
        #expect(limit(files) == 1_073_741_824)
    }

    @Test(arguments: ["", "max", "0", "-1", "x", "99999999999999999999"])
    func whatIsNoNumberIsNoLimit(_ text: String) {
        #expect(
            limit(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": text]) == nil)
        #expect(limit(["/proc/self/cgroup": text]) == nil)
        #expect(limit([:]) == nil)
    }

    @Test func thisProcessHasAPositiveLimit() { #expect(MemoryLimit.bytes > 1 << 20) }
}
