// The part of the CUDA driver API that lists and describes devices, found at run time.
//
// Guarantees: nothing is linked against CUDA. Every function is looked up by name before the
// first call, and a missing function is named. The library is never closed, because unloading the
// code under a driver's threads and exit handlers crashes.
// Does not: create a context, allocate on a device, or run kernels.
//
// Signatures and numbers come from NVIDIA's cuda.h (driver API). All functions exist since CUDA
// 6.0. `_v2` marks the form with 64-bit sizes.

import Glibc

/// Opens libraries and finds their functions. Tests bring their own loader.
package struct LibraryLoader: Sendable {
    /// An opened library, as an opaque address.
    package struct Library: Sendable {
        package var address: UInt

        /// Wraps an address.
        package init(address: UInt) { self.address = address }
    }

    /// Opens a library by name, or gives the reason for the failure.
    package var open: @Sendable (_ name: String) -> Result<Library, LoadFailure>
    /// The address of a function, or nil.
    package var symbol: @Sendable (_ library: Library, _ name: String) -> UInt?

    /// Creates a loader from its two operations.
    package init(
        open: @escaping @Sendable (String) -> Result<Library, LoadFailure>,
        symbol: @escaping @Sendable (Library, String) -> UInt?
    ) {
        self.open = open
        self.symbol = symbol
    }

    /// The dynamic linker.
    package static let system = LibraryLoader(
        open: { name in
            // RTLD_NOW resolves all symbols here, so that a broken installation fails at once and
            // not in a later call.
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                return .success(Library(address: UInt(bitPattern: handle)))
            }
            let text = dlerror().map { String(cString: $0) } ?? "no reason given"
            return .failure(LoadFailure(reason: text))
        },
        symbol: { library, name in
            dlsym(UnsafeMutableRawPointer(bitPattern: library.address), name)
                .map { UInt(bitPattern: $0) }
        })
}

/// A failure to open a library.
package struct LoadFailure: Error, Equatable {
    package var reason: String

    /// Wraps the linker's text.
    package init(reason: String) { self.reason = reason }
}

/// The driver functions with their C types. Results are `CUresult`: 0 is success.
struct CUDALibrary {
    typealias Init = @convention(c) (UInt32) -> Int32
    typealias GetNumber = @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
    typealias GetDevice = @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
    typealias GetName = @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Int32
    typealias GetMemory = @convention(c) (UnsafeMutablePointer<Int>, Int32) -> Int32
    typealias GetAttribute = @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Int32
    typealias GetErrorName =
        @convention(c) (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32

    let initialize: Init
    let driverVersion: GetNumber
    let deviceCount: GetNumber
    let device: GetDevice
    let deviceName: GetName
    let deviceMemory: GetMemory
    let deviceAttribute: GetAttribute
    let errorName: GetErrorName

    /// Looks up all functions.
    ///
    /// - Throws: the name of the first function that is missing.
    init(_ library: LibraryLoader.Library, _ loader: LibraryLoader) throws(MissingSymbol) {
        let symbols = Symbols(library: library, loader: loader)
        initialize = try symbols.find("cuInit", as: Init.self)
        driverVersion = try symbols.find("cuDriverGetVersion", as: GetNumber.self)
        deviceCount = try symbols.find("cuDeviceGetCount", as: GetNumber.self)
        device = try symbols.find("cuDeviceGet", as: GetDevice.self)
        deviceName = try symbols.find("cuDeviceGetName", as: GetName.self)
        deviceMemory = try symbols.find("cuDeviceTotalMem_v2", as: GetMemory.self)
        deviceAttribute = try symbols.find("cuDeviceGetAttribute", as: GetAttribute.self)
        errorName = try symbols.find("cuGetErrorName", as: GetErrorName.self)
    }

    /// The name of a result, such as `CUDA_ERROR_NO_DEVICE`, with its number.
    func describe(_ result: Int32) -> String {
        var name: UnsafePointer<CChar>?
        // cuGetErrorName stores NULL for an unknown number.
        guard errorName(result, &name) == 0, let name else { return "error \(result)" }
        return "\(String(cString: name)) (\(result))"
    }
}

/// A function missing from the library.
struct MissingSymbol: Error {
    var name: String
}

private struct Symbols {
    let library: LibraryLoader.Library
    let loader: LibraryLoader

    /// Safety: `Function` must be the C type of the function called `name`. The initialiser of
    /// `CUDALibrary` is the only caller, and pairs each name with its type from cuda.h.
    func find<Function>(_ name: String, as type: Function.Type) throws(MissingSymbol) -> Function {
        guard let address = loader.symbol(library, name),
            let pointer = UnsafeRawPointer(bitPattern: address)
        else { throw MissingSymbol(name: name) }
        return unsafeBitCast(pointer, to: type)
    }
}
