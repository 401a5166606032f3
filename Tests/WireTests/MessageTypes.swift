// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//
// Every message and record type of Wire.

import Wire

enum MessageTypes {
    static let requests: [any RequestMessage.Type] = [
        HelloRequest.self,
        PingRequest.self,
        HealthRequest.self,
        ModelsRequest.self,
        LoadRequest.self,
        SwapRequest.self,
        UnloadRequest.self,
        TokenizeRequest.self,
        DetokenizeRequest.self,
        GenerateRequest.self,
        ScoreRequest.self,
        LogitsRequest.self,
        EmbedRequest.self,
        CancelRequest.self,
        StatsRequest.self,
        RenderRequest.self,
        RollbackRequest.self,
        PinRequest.self,
        AliasRequest.self,
    ]

    static let responses: [any ResponseMessage.Type] = [
        HelloResponse.self,
        PingResponse.self,
        HealthResponse.self,
        ModelsResponse.self,
        LoadProgress.self,
        LoadResponse.self,
        SwapProgress.self,
        SwapResponse.self,
        UnloadResponse.self,
        TokenizeResponse.self,
        DetokenizeResponse.self,
        GenerateChunk.self,
        GenerateResponse.self,
        ScoreResponse.self,
        LogitsChunk.self,
        LogitsResponse.self,
        EmbedChunk.self,
        EmbedResponse.self,
        CancelResponse.self,
        StatsResponse.self,
        RenderResponse.self,
        RollbackResponse.self,
        PinResponse.self,
        AliasResponse.self,
        GoAway.self,
    ]

    static let records: [any WireRecord.Type] = [
        Requirements.self,
        RequestContext.self,
        AnswerRecord.self,
        ServerLoad.self,
        Timing.self,
        ChatMessage.self,
        ToolCall.self,
        TemplateVariable.self,
        ChatTemplateInfo.self,
        Input.self,
        Logprobs.self,
        ErrorBody.self,
        ModelInfo.self,
        LayerVerdictRecord.self,
        ModelLabel.self,
        ShadowReport.self,
        Score.self,
        CounterRecord.self,
    ]
}
