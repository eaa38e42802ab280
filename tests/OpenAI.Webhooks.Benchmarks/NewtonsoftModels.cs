using Newtonsoft.Json;

namespace OpenAI.Webhooks.Benchmarks;

internal sealed class NewtonsoftEvent<TData>
{
    [JsonProperty("id", Required = Required.Always)]
    public string Id { get; set; } = "";

    [JsonProperty("object")]
    public string? Object { get; set; }

    [JsonProperty("created_at", Required = Required.Always)]
    public long CreatedAt { get; set; }

    [JsonProperty("type", Required = Required.Always)]
    public string Type { get; set; } = "";

    [JsonProperty("data", Required = Required.Always)]
    public TData? Data { get; set; }
}

internal sealed class NewtonsoftResponse
{
    [JsonProperty("id", Required = Required.Always)]
    public string Id { get; set; } = "";
}

internal sealed class NewtonsoftCall
{
    [JsonProperty("call_id", Required = Required.Always)]
    public string CallId { get; set; } = "";

    [JsonProperty("sip_headers", Required = Required.Always)]
    public List<NewtonsoftSipHeader> SipHeaders { get; set; } = [];
}

internal sealed class NewtonsoftSipHeader
{
    [JsonProperty("name", Required = Required.Always)]
    public string Name { get; set; } = "";

    [JsonProperty("value", Required = Required.Always)]
    public string Value { get; set; } = "";
}
