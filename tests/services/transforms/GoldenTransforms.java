import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/** Cases → what Kafka's own classes make of them. The form of both is said in tests/unit/transforms/golden/forms.py. */
public class GoldenTransforms {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] files) throws Exception {
        ArrayNode results = JSON.createArrayNode();
        for (JsonNode each : JSON.readTree(new File(files[0]))) {
            try {
                results.add(result(each));
            } catch (Exception error) {
                throw new IllegalArgumentException("case " + each.get("name").asText(), error);
            }
        }
        JSON.writeValue(new File(files[1]), results);
    }

    private static ObjectNode result(JsonNode each) throws Exception {
        ObjectNode result = JSON.createObjectNode();
        SinkRecord record = record(each);
        Map<String, String> config = new HashMap<>();
        each.get("config").properties().forEach(e -> config.put(e.getKey(), e.getValue().asText()));
        String stage = "configure";
        try {
            Object plugin = Class.forName(each.get("type").asText()).getDeclaredConstructor().newInstance();
            if (plugin instanceof Predicate) {
                @SuppressWarnings("unchecked") Predicate<SinkRecord> predicate = (Predicate<SinkRecord>) plugin;
                predicate.configure(config);
                stage = "apply";
                return result.put("holds", predicate.test(record));
            }
            @SuppressWarnings("unchecked")
            Transformation<SinkRecord> transform = (Transformation<SinkRecord>) plugin;
            transform.configure(config);
            stage = "apply";
            SinkRecord transformed = transform.apply(record);
            return transformed == null ? result.put("filtered", true) : changed(record(each), transformed);
        } catch (Exception error) {
            String message = error.getClass().getSimpleName() + ": " + error.getMessage();
            // Addresses of objects are others each time.
            return result.put("refused", stage).put("why", message.replaceAll("@[0-9a-f]+", "@"));
        }
    }

    private static SinkRecord record(JsonNode each) {
        SchemaAndValue key = converted(each.get("key"), true);
        SchemaAndValue value = converted(each.get("value"), false);
        ConnectHeaders headers = new ConnectHeaders();
        for (JsonNode header : each.get("headers")) {
            byte[] text = header.get(1).asText().getBytes(StandardCharsets.UTF_8);
            headers.add(header.get(0).asText(), new SimpleHeaderConverter().toConnectHeader("", "", text));
        }
        JsonNode timestamp = each.get("timestamp");
        Long millis = timestamp.isNull() ? null : timestamp.asLong();
        return new SinkRecord(each.get("topic").asText(), 3, key.schema(), key.value(), value.schema(),
                value.value(), 42, millis, TimestampType.CREATE_TIME, headers);
    }

    private static SchemaAndValue converted(JsonNode given, boolean isKey) {
        if (given.isNull()) {
            return SchemaAndValue.NULL;
        }
        JsonConverter converter = new JsonConverter();
        boolean hasSchema = given.has("schema");
        converter.configure(
                Map.of("schemas.enable", hasSchema, "replace.null.with.default", "false"), isKey);
        JsonNode text = hasSchema ? given : given.get("payload");
        return converter.toConnectData("", text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** The value, and what else is not as it was. */
    private static ObjectNode changed(SinkRecord before, SinkRecord after) {
        ObjectNode old = written(before);
        ObjectNode changed = written(after);
        old.properties().forEach(e -> {
            if (!e.getKey().startsWith("value") && e.getValue().equals(changed.get(e.getKey()))) {
                changed.remove(e.getKey());
            }
        });
        return changed;
    }

    private static ObjectNode written(SinkRecord record) {
        ObjectNode result = JSON.createObjectNode();
        result.put("topic", record.topic()).put("partition", record.kafkaPartition());
        result.put("offset", record.kafkaOffset()).put("timestamp", record.timestamp());
        result.set("key_schema", schema(record.keySchema()));
        result.set("key", value(record.key()));
        result.set("value_schema", schema(record.valueSchema()));
        result.set("value", value(record.value()));
        ArrayNode headers = result.putArray("headers");
        for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(value(header.value()));
        }
        return result;
    }

    private static JsonNode schema(Schema schema) {
        return schema == null ? JSON.nullNode() : new JsonConverterAccess().asJsonSchema(schema);
    }

    /** JsonConverter must be configured before it writes schemas. */
    private static class JsonConverterAccess extends JsonConverter {
        JsonConverterAccess() {
            configure(Map.of(), false);
        }
    }

    private static JsonNode value(Object value) {
        if (value == null) {
            return JSON.nullNode();
        } else if (value instanceof Boolean || value instanceof String) {
            return JSON.valueToTree(value);
        } else if (value instanceof Byte || value instanceof Short || value instanceof Integer
                || value instanceof Long) {
            return JSON.valueToTree(((Number) value).longValue());
        } else if (value instanceof Struct) {
            return struct((Struct) value);
        } else if (value instanceof Map) {
            return map((Map<?, ?>) value);
        } else if (value instanceof Collection) {
            ArrayNode list = JSON.createArrayNode();
            ((Collection<?>) value).forEach(item -> list.add(value(item)));
            return list;
        }
        return scalar(value);
    }

    private static ObjectNode scalar(Object value) {
        ObjectNode tagged = JSON.createObjectNode();
        if (value instanceof Float || value instanceof Double) {
            return tagged.put(value instanceof Float ? "float" : "double", value.toString());
        } else if (value instanceof BigDecimal) {
            return tagged.put("decimal", value.toString());
        } else if (value instanceof java.util.Date) {
            return tagged.put("moment", ((java.util.Date) value).getTime());
        } else if (value instanceof byte[]) {
            return tagged.put("bytes", Base64.getEncoder().encodeToString((byte[]) value));
        } else if (value instanceof ByteBuffer) {
            byte[] bytes = new byte[((ByteBuffer) value).remaining()];
            ((ByteBuffer) value).duplicate().get(bytes);
            return tagged.put("bytes", Base64.getEncoder().encodeToString(bytes));
        }
        throw new IllegalArgumentException("no form for " + value.getClass());
    }

    private static ObjectNode struct(Struct struct) {
        ObjectNode tagged = JSON.createObjectNode();
        ObjectNode fields = tagged.putObject("struct");
        for (Field field : struct.schema().fields()) {
            fields.set(field.name(), value(struct.getWithoutDefault(field.name())));
        }
        return tagged;
    }

    private static ObjectNode map(Map<?, ?> map) {
        ObjectNode tagged = JSON.createObjectNode();
        ArrayNode members = tagged.putArray("map");
        map.forEach((key, each) -> members.addArray().add(value(key)).add(value(each)));
        return tagged;
    }
}
