// The kernel's form of an address, and the socket calls that need an address.
//
// Guarantees: conversions between `sockaddr` types happen only here. Every descriptor is
// non-blocking and closed on exec from birth.
// Does not: own descriptors. The caller closes every descriptor.

import CLibUV
import Glibc

/// A `sockaddr_storage` with its valid length.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    var family: Int32 { Int32(storage.ss_family) }

    init(_ address: Address) throws(EventLoopError) {
        switch address {
        case .tcp(let host, let port): try self.init(host: host, port: port)
        case .unix(let path): try self.init(path: path)
        }
    }

    private init(host: String, port: UInt16) throws(EventLoopError) {
        let numeric = host == "localhost" ? "127.0.0.1" : host
        let version6 = numeric.utf8.contains(UInt8(ascii: ":"))
        length = socklen_t(
            version6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            let raw = UnsafeMutableRawPointer(pointer)
            return version6
                ? uv_ip6_addr(numeric, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
                : uv_ip4_addr(numeric, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
        }
        try check(status, "uv_ip_addr", "reading the host \(host)")
    }

    private init(path: String) throws(EventLoopError) {
        guard path.utf8.count <= Address.unixPathSizeMax else { throw Address.pathTooLong(path) }
        // The path field ends where sockaddr_un ends. The storage is zeroed, so the text is
        // terminated.
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.pointee.ss_family = sa_family_t(AF_UNIX)
            let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
            let field = UnsafeMutableRawPointer(pointer) + pathOffset
            for (index, byte) in path.utf8.enumerated() {
                field.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
        }
    }

    /// The local address the kernel gave to `descriptor`.
    init(localOf descriptor: Int32) throws(EventLoopError) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withPointer { getsockname(descriptor, $0, &$1) }
        guard status == 0 else {
            throw SystemCall.failure("getsockname", "reading the bound address")
        }
    }

    /// The address at the other end of `descriptor`, or nil when there is none any more.
    init?(peerOf descriptor: Int32) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard withPointer({ getpeername(descriptor, $0, &$1) }) == 0 else { return nil }
    }

    /// True for a numeric host of 127.0.0.0/8, and for ::1 in any spelling.
    static func isLoopback(_ host: String) -> Bool {
        var version4 = in_addr()
        if uv_inet_pton(AF_INET, host, &version4) == 0 {
            return UInt32(bigEndian: version4.s_addr) >> 24 == 127
        }
        var version6 = in6_addr()
        guard uv_inet_pton(AF_INET6, host, &version6) == 0 else { return false }
        return withUnsafeBytes(of: version6) { bytes in
            bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
        }
    }

    static func isNumeric(_ host: String, version6: Bool) -> Bool {
        guard !host.utf8.contains(0) else { return false }
        var bytes = in6_addr()
        return uv_inet_pton(version6 ? AF_INET6 : AF_INET, host, &bytes) == 0
    }

    /// Host text and port of an Internet address, nil for a Unix address.
    func hostAndPort() -> (host: String, port: UInt16)? {
        withUnsafePointer(to: storage) { pointer in
            let raw = UnsafeRawPointer(pointer)
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
                guard let base = text.baseAddress else { return nil }
                switch family {
                case AF_INET:
                    let version4 = raw.assumingMemoryBound(to: sockaddr_in.self)
                    guard uv_ip4_name(version4, base, 64) == 0 else { return nil }
                    return (String(cString: base), UInt16(bigEndian: version4.pointee.sin_port))
                case AF_INET6:
                    let version6 = raw.assumingMemoryBound(to: sockaddr_in6.self)
                    guard uv_ip6_name(version6, base, 64) == 0 else { return nil }
                    return (String(cString: base), UInt16(bigEndian: version6.pointee.sin6_port))
                default:
                    return nil
                }
            }
        }
    }

    /// Binds `descriptor` to the address. Returns 0, or -1 with `errno`, like bind(2).
    mutating func bind(_ descriptor: Int32) -> Int32 {
        withPointer { Glibc.bind(descriptor, $0, $1) }
    }

    /// Starts to connect `descriptor` to the address. Returns 0, or -1 with `errno`, like
    /// connect(2).
    mutating func connect(_ descriptor: Int32) -> Int32 {
        withPointer { Glibc.connect(descriptor, $0, $1) }
    }

    private mutating func withPointer(
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }
}

/// Thin wrappers over system calls without a libuv counterpart.
enum SystemCall {
    /// The error of the call that just failed, from `errno`. On Linux the libuv codes are `-errno`.
    static func failure(
        _ operation: StaticString, _ tried: String, allowed: String = ""
    ) -> EventLoopError {
        EventLoopError(status: -errno, operation: operation, tried: tried, allowed: allowed)
    }

    /// A stream socket that never blocks and does not survive exec.
    static func streamSocket(family: Int32, _ tried: String) throws(EventLoopError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw failure("socket", tried) }
        return descriptor
    }

    static func setOption(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32
    ) -> Int32 {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Closes a descriptor. Linux frees the number even when the call is interrupted, so a retry
    /// has no use.
    static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }
}
