// Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
//
// Error codes that came after revision 1. A connection of an older revision gets the code before
// it.

/// Which codes a revision knows.
public enum DatedCodes {
    /// The code to send for `code` where Hello agreed on `revision`; the same status.
    public static func name(of code: String, in revision: UInt64) -> String {
        switch code {
        case "logits_not_finite": revision >= 3 ? code : "model_damaged"
        default: code
        }
    }
}
