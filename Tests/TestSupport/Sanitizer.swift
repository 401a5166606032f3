// Whether this test program was built with a sanitizer.
//
// Sanitizers reserve terabytes of address space and open files of their own, so a test that takes
// such resources away from its process cannot run under them.

import Glibc

/// The build's sanitizers.
package enum Sanitizer {
    /// True in a build with the address or thread sanitizer.
    package static let isActive = ["__asan_init", "__tsan_init"].contains { (name: String) in
        dlsym(nil, name) != nil
    }
}
