"""Writes the trained model as GGUF: `python export.py --run run --out ../assay-demo.gguf`.

Linear layers become TQ2_0 (ternary, 2 bits a weight, one scale per 256 weights: here the matrix's
own scale in every block), the embedding F16, norms F32. Nothing is rounded that training had not
rounded already, so the file computes what was trained.
"""

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch

import vocabulary
from model import BitLinear, DemoModel, Shape, ternary

ARCHITECTURE = "bitnet-b1.58"

#        in the file        in the model
BLOCK = {
    "attn_norm": "attention_norm", "attn_q": "query", "attn_k": "key", "attn_v": "value",
    "attn_sub_norm": "attention_sub_norm", "attn_output": "attention_output",
    "ffn_norm": "feed_forward_norm", "ffn_gate": "gate", "ffn_up": "up",
    "ffn_sub_norm": "feed_forward_sub_norm", "ffn_down": "down",
}


def load(run: Path) -> DemoModel:
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    model = DemoModel(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model.eval()


def blocks(layer: BitLinear) -> np.ndarray:
    """TQ2_0: 64 bytes of 2-bit codes and a float16 scale for each 256 weights of a row."""
    signs, scale = ternary(layer.weight.detach())
    packed = gguf.quants.quantize((signs * scale).numpy(), gguf.GGMLQuantizationType.TQ2_0)
    back = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.TQ2_0)
    assert np.array_equal(back, (signs * scale).numpy()), "the file would hold other weights"
    return packed


def write(model: DemoModel, run: Path, path: Path) -> None:
    shape = model.shape
    file = gguf.GGUFWriter(path, ARCHITECTURE)
    file.add_name("assay-demo")
    file.add_license("Apache-2.0")
    file.add_description("Ternary demo model of Assay, trained on text its generator makes up.")
    file.add_vocab_size(shape.vocabulary)
    file.add_context_length(shape.context)
    file.add_embedding_length(shape.width)
    file.add_block_count(shape.layers)
    file.add_feed_forward_length(shape.feed_forward)
    file.add_head_count(shape.heads)
    file.add_head_count_kv(shape.kv_heads)
    file.add_layer_norm_rms_eps(shape.epsilon)
    file.add_rope_freq_base(shape.rope_base)
    file.add_rope_dimension_count(shape.head_width)

    tokenizer = vocabulary.load(run / "tokenizer.json")
    begin, end = (tokenizer.token_to_id(text) for text in (vocabulary.BEGIN, vocabulary.END))
    words = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("qwen2")
    file.add_token_list([text for text, _ in words])
    file.add_token_types([control if id in (begin, end) else normal for _, id in words])
    file.add_token_merges(vocabulary.merges(run / "tokenizer.json"))
    file.add_bos_token_id(begin)
    file.add_eos_token_id(end)
    file.add_add_bos_token(True)
    file.add_chat_template(Path(__file__).with_name("template.jinja").read_text())

    def vector(name: str, weight: torch.Tensor) -> None:
        file.add_tensor(name, weight.detach().numpy())

    file.add_tensor("token_embd.weight", model.embedding.weight.detach().half().numpy())
    vector("output_norm.weight", model.output_norm.weight)
    for index, block in enumerate(model.blocks):
        for name, ours in BLOCK.items():
            layer = getattr(block, ours)
            if isinstance(layer, BitLinear):
                file.add_tensor(
                    f"blk.{index}.{name}.weight", blocks(layer),
                    raw_dtype=gguf.GGMLQuantizationType.TQ2_0)
            else:
                vector(f"blk.{index}.{name}.weight", layer.weight)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--out", type=Path, default=Path("../assay-demo.gguf"))
    options = parser.parse_args()
    write(load(options.run), options.run, options.out)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
