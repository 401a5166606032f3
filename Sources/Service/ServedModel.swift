// A model in service: its identity, and the known facts about it.

import Wire

/// Identity of a model in service: no other model ever has the same name and generation.
package struct ServedModel: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    package let generation: UInt32

    package init(name: String, generation: UInt32) {
        self.name = name
        self.generation = generation
    }

    package var description: String { "\(name), generation \(generation)" }
}

/// Known facts about a served model. Dynamic member look-up reads the fields of the model's row in
/// a Models answer.
@dynamicMemberLookup
package struct ServedFacts: Sendable, Equatable {
    /// The model's row in a Models answer. The current state is the entry's, not the row's.
    package var info: ModelInfo
    /// Causes that degrade every answer of the model, e.g. `cpu_fallback: …`.
    package var degradations: [String]
    /// False when the model attends in both directions and answers Embed alone.
    package var isCausal: Bool

    /// See the properties.
    package init(_ info: ModelInfo, degradations: [String] = [], isCausal: Bool = true) {
        self.info = info
        self.degradations = degradations
        self.isCausal = isCausal
    }

    /// Generation of the entry, as frames carry it. 0 before the model is ready.
    package var generation: UInt32 {
        get { UInt32(truncatingIfNeeded: info.generation) }
        set { info.generation = UInt64(newValue) }
    }

    package var served: ServedModel { ServedModel(name: info.name, generation: generation) }

    /// A field of the row.
    package subscript<Value>(dynamicMember field: WritableKeyPath<ModelInfo, Value>) -> Value {
        get { info[keyPath: field] }
        set { info[keyPath: field] = newValue }
    }
}
