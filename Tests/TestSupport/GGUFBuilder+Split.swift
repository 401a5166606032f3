// A model in several GGUF files, as llama.cpp's gguf-split writes it.

extension GGUFBuilder {
    /// File name -> content: the metadata in the first part, the tensors dealt out in turn.
    ///
    /// - Parameter isFirstBare: no tensor in the first part (`--no-tensor-first-split`).
    package func split(
        into count: Int, name: String = "model", isFirstBare: Bool = false
    ) -> [String: [UInt8]] {
        let bareCount = isFirstBare ? 1 : 0
        var files: [String: [UInt8]] = [:]
        for index in 0..<count {
            var part = GGUFBuilder()
            if index == 0 { part.metadata = metadata }
            part.add("split.no", .uint16(UInt16(index)))
            part.add("split.count", .uint16(UInt16(count)))
            part.add("split.tensors.count", .int32(Int32(tensors.count)))
            part.tensors = tensors.indices.filter {
                bareCount + $0 % (count - bareCount) == index
            }.map { tensors[$0] }
            let partName = MalformedModelFolder.partName(index, of: count)
            files[partName.replacing("m-", with: name + "-")] = part.build()
        }
        return files
    }
}
