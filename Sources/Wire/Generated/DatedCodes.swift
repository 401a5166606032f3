// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Error codes added after revision 1. A connection of an older revision gets the earlier code.

/// Error codes by revision.
public enum DatedCodes {
    /// The code to send for `code` in `revision`, with an unchanged status.
    public static func name(of code: String, in revision: UInt64) -> String {
        switch code {
        case "logits_not_finite": revision >= 3 ? code : "model_damaged"
        case "loading_not_allowed": revision >= 3 ? code : "loading_forbidden"
        case "path_not_allowed": revision >= 3 ? code : "loading_forbidden"
        case "template_raised": revision >= 3 ? code : "chat_message_invalid"
        case "template_undefined": revision >= 3 ? code : "chat_message_invalid"
        case "template_error": revision >= 3 ? code : "chat_message_invalid"
        case "template_limit": revision >= 3 ? code : "chat_message_invalid"
        case "message_not_rendered": revision >= 3 ? code : "chat_message_invalid"
        case "model_not_causal": revision >= 3 ? code : "model_not_ready"
        case "scope_missing": revision >= 4 ? code : "loading_not_allowed"
        case "breaker_open": revision >= 4 ? code : "model_not_ready"
        case "deadline_unreachable": revision >= 4 ? code : "overloaded"
        case "swap_running": revision >= 4 ? code : "overloaded"
        case "generation_unknown": revision >= 4 ? code : "model_unknown"
        case "no_held_generation": revision >= 4 ? code : "model_not_ready"
        case "shadow_differs": revision >= 4 ? code : "model_rejected"
        case "name_reserved": revision >= 4 ? code : "field_out_of_range"
        case "model_evicted": revision >= 4 ? code : "model_loading"
        case "model_pinned": revision >= 4 ? code : "model_not_ready"
        default: code
        }
    }
}
