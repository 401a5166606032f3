// The keys of generation_config.json, which older files have in config.json.
//
// Sampling values are advice: a request says how to sample, and nothing is applied unasked. Keys
// that forbid or force tokens are applied, or refused by name unless they hold the value that
// changes nothing.

enum GenerationKeyTable {
    static let rules: [String: KeyRule] = {
        var rules: [String: KeyRule] = [
            "eos_token_id": .applied, "suppress_tokens": .applied,
            "bos_token_id": .withoutEffect(.either(.whole, .wholes)),
            "pad_token_id": .withoutEffect(.either(.whole, .wholes)),
            "guidance_scale": .only(.one),
            "decoder_start_token_id": .only(.nothing), "watermarking_config": .only(.nothing),
            "transformers_version": .withoutEffect(.word),
            "cache_implementation": .withoutEffect(.word),
            "cache_config": .withoutEffect(.object), "chat_format": .withoutEffect(.word),
            "early_stopping": .suggestion(.either(.flag, .word)),
            "do_sample": .suggestion(.flag),
        ]
        for name in [
            "bad_words_ids", "force_words_ids", "sequence_bias", "forced_bos_token_id",
            "forced_eos_token_id", "forced_decoder_ids", "begin_suppress_tokens", "constraints",
            "stop_strings", "exponential_decay_length_penalty",
        ] {
            rules[name] = .only(.off)
        }
        for name in [
            "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff",
            "eta_cutoff", "repetition_penalty", "encoder_repetition_penalty", "length_penalty",
            "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "num_beams",
            "num_beam_groups", "diversity_penalty", "penalty_alpha", "max_length", "min_length",
            "max_new_tokens", "min_new_tokens", "max_time", "num_return_sequences",
            "presence_penalty", "frequency_penalty", "max_window_size",
        ] {
            rules[name] = .suggestion(.number)
        }
        for name in [
            "_from_model_config", "use_cache", "output_attentions", "output_hidden_states",
            "output_scores", "output_logits", "return_dict_in_generate", "renormalize_logits",
            "remove_invalid_values", "token_healing", "low_memory", "is_assistant",
            "trust_remote_code", "disable_compile", "return_legacy_cache",
        ] {
            rules[name] = .withoutEffect(.flag)
        }
        return rules
    }()
}
