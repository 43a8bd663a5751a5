//! The families' templates, written down from their public models, give their prompts.

use super::*;

fn around(template: &str) -> (String, String) {
    let frame = frame(template, "<s>", "</s>", "Read.", false).unwrap();
    (frame.head, frame.tail)
}

const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + \
    '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const LLAMA_3: &str = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = \
    '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}\
    {% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";
const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not \
    supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\
    {{ raise_exception('Conversation roles must alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}\
    {% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + \
    message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}\
    {% endif %}";
const PHI_3: &str = "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + \
    message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + \
    '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}\
    {% endif %}";
const MISTRAL: &str = "{%- if messages[0]['role'] == 'system' %}\n    {%- set system_message = messages[0]['content'] %}\n    \
    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n\n\
    {{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message['role'] == 'user' %}\n        {%- if \
    loop.first and system_message is defined %}\n            {{- ' [INST] ' + system_message + '\\n\\n' + \
    message['content'] + ' [/INST]' }}\n        {%- else %}\n            {{- ' [INST] ' + message['content'] + ' [/INST]' \
    }}\n        {%- endif %}\n    {%- endif %}\n{%- endfor %}\n";
const QWEN_3: &str = "{%- if messages[0].role == 'system' %}\n    {{- '<|im_start|>system\\n' + messages[0].content + \
    '<|im_end|>\\n' }}\n{%- endif %}\n{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}\n\
    {%- for message in messages[::-1] %}\n    {%- set index = (messages|length - 1) - loop.index0 %}\n    {%- if \
    ns.multi_step_tool and message.role == \"user\" and not(message.content.startswith('<tool_response>') and \
    message.content.endswith('</tool_response>')) %}\n        {%- set ns.multi_step_tool = false %}\n        {%- set \
    ns.last_query_index = index %}\n    {%- endif %}\n{%- endfor %}\n{%- for message in messages %}\n    {%- if \
    message.role == 'user' %}\n        {{- '<|im_start|>' + message.role + '\\n' + message.content.strip() + \
    '<|im_end|>\\n' }}\n    {%- endif %}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- \
    '<|im_start|>assistant\\n' }}\n    {%- if enable_thinking is defined and enable_thinking is false %}\n        {{- \
    '<think>\\n\\n</think>\\n\\n' }}\n    {%- endif %}\n{%- endif %}";

#[test]
fn every_family_gets_its_prompt() {
    let wanted = [
        (CHATML, "<|im_start|>system\nRead.<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
        (
            LLAMA_3,
            "<s><|start_header_id|>system<|end_header_id|>\n\nRead.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (GEMMA, "<s><start_of_turn>user\nRead.\n\n", "<end_of_turn>\n<start_of_turn>model\n"),
        (PHI_3, "<|system|>\nRead.<|end|>\n<|user|>\n", "<|end|>\n<|assistant|>\n"),
        (MISTRAL, "<s> [INST] Read.\n\n", " [/INST]"),
        (
            QWEN_3,
            "<|im_start|>system\nRead.<|im_end|>\n<|im_start|>user\n",
            "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
        ),
    ];
    for (template, head, tail) in wanted {
        assert_eq!(around(template), (head.to_owned(), tail.to_owned()));
    }
}

#[test]
fn a_model_that_reasons_thinks_where_it_may_and_else_has_thought() {
    let tail = |template: &str, thinking| {
        let frame = frame(template, "", "", "Read.", thinking).unwrap();
        (frame.tail, frame.end_of_thoughts.is_some())
    };
    let chat = "{{ messages[-1].content }}<|assistant|>{# history: </think> #}";
    let always = "{{ messages[-1].content }}<|assistant|><think>\n{# history: </think> #}";
    let never = "{{ messages[-1].content }}<|assistant|>";
    assert_eq!(tail(chat, true), ("<|assistant|><think>\n".into(), true));
    assert_eq!(tail(chat, false), ("<|assistant|>".into(), false));
    assert_eq!(tail(always, true), ("<|assistant|><think>\n".into(), true));
    assert_eq!(tail(always, false), ("<|assistant|><think>\n\n</think>\n\n".into(), false));
    assert_eq!(tail(never, true), ("<|assistant|>".into(), false));
    assert!(tail(QWEN_3, false).0.ends_with("</think>\n\n"));
    assert!(tail(QWEN_3, true).0.ends_with("<think>\n"));
}

#[test]
fn every_way_of_marking_thoughts_is_known() {
    let of = |template: &str, thinking| {
        let frame = frame(template, "", "", "Read.", thinking).unwrap();
        (frame.tail, frame.end_of_thoughts)
    };
    let magistral = "{{ messages[-1].content }}[/INST]{# [THINK] [/THINK] #}";
    assert_eq!(of(magistral, true), ("[/INST][THINK]".into(), Some("[/THINK]")));
    assert_eq!(of(magistral, false), ("[/INST]".into(), None));
    let begun = "{{ messages[-1].content }}[/INST][THINK]{# [/THINK] #}";
    assert_eq!(of(begun, false), ("[/INST][THINK][/THINK]".into(), None));
    let gpt_oss = "{{ messages[-1].content }}<|end|><|start|>assistant{# <|channel|> #}";
    let answer = "<|channel|>final<|message|>";
    assert_eq!(of(gpt_oss, false), (format!("<|end|><|start|>assistant{answer}"), None));
    let (tail, end) = of(gpt_oss, true);
    assert!(tail.ends_with("<|channel|>analysis<|message|>") && end.is_some_and(|end| end.ends_with(answer)), "{tail}");
}

#[test]
fn what_only_training_or_a_loop_needs_is_no_hindrance() {
    let loops = "{% for message in messages %}{% if message.role == 'system' %}{% continue %}{% endif %}\
        {{ message.content }}{% break %}{% endfor %}<|assistant|>";
    assert_eq!(around(loops), ("Read.\n\n".into(), "<|assistant|>".into()));
    let trained =
        "{% for message in messages %}{{ message.content }}{%- generation -%} {% endgeneration %}{% endfor %}";
    assert_eq!(around(trained), ("Read.".into(), String::new()));
}

#[test]
fn a_template_of_no_use_is_told_with_what_to_do() {
    let told = |template: &str| frame(template, "", "", "Read.", false).unwrap_err().to_string();
    assert!(told("").contains("holds no chat template"));
    assert!(told("{{ messages[0].content ").contains("cannot be used"));
    assert!(told("nothing of it").contains("just once"));
    assert!(
        told("{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}")
            .contains("cannot be used")
    );
}
