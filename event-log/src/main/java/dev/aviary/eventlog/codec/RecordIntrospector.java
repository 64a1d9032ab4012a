package dev.aviary.eventlog.codec;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import dev.aviary.events.RolloutEvent;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Tells Jackson what records and sealed types say of themselves, so that neither carries an annotation of its.
final class RecordIntrospector extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    /// The property that tells the records of a sealed type apart. Events have components named `kind`.
    static String property(Class<?> sealed) {
        return RolloutEvent.class.isAssignableFrom(sealed) ? "type" : "kind";
    }

    static boolean isChoice(Class<?> type) {
        return type.isSealed() && !Enum.class.isAssignableFrom(type);
    }

    /// May be missing, and is empty then.
    static boolean mayBeMissing(Class<?> type) {
        return Optional.class == type || Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type);
    }

    @Override
    public JsonTypeInfo.@Nullable Value findPolymorphicTypeInfo(MapperConfig<?> config, Annotated annotated) {
        return annotated instanceof AnnotatedClass && isChoice(annotated.getRawType())
                ? JsonTypeInfo.Value.construct(
                        JsonTypeInfo.Id.NAME,
                        JsonTypeInfo.As.PROPERTY,
                        property(annotated.getRawType()),
                        null,
                        false,
                        true)
                : super.findPolymorphicTypeInfo(config, annotated);
    }

    @Override
    public @Nullable List<NamedType> findSubtypes(Annotated annotated) {
        return isChoice(annotated.getRawType()) ? subtypes(annotated.getRawType()) : super.findSubtypes(annotated);
    }

    @Override
    public @Nullable String findTypeName(AnnotatedClass type) {
        return type.getRawType().isRecord() ? WireTypes.kind(type.getRawType()) : super.findTypeName(type);
    }

    @Override
    public @Nullable Boolean hasRequiredMarker(AnnotatedMember member) {
        boolean component = member instanceof AnnotatedParameter
                && member.getDeclaringClass().isRecord();
        return component ? Boolean.valueOf(!mayBeMissing(member.getRawType())) : super.hasRequiredMarker(member);
    }

    @Override
    public String[] findEnumValues(
            MapperConfig<?> config, AnnotatedClass type, Enum<?>[] constants, @Nullable String[] names) {
        return Stream.of(constants).map(WireTypes::dashed).toArray(String[]::new);
    }

    private static List<NamedType> subtypes(Class<?> sealed) {
        var known = new HashMap<String, Class<?>>();
        return WireTypes.leaves(sealed)
                .map(leaf -> {
                    refuseClash(sealed, leaf, known.put(WireTypes.kind(leaf), leaf));
                    return new NamedType(leaf, WireTypes.kind(leaf));
                })
                .toList();
    }

    private static void refuseClash(Class<?> sealed, Class<?> leaf, @Nullable Class<?> twin) {
        if (twin != null) {
            throw new IllegalStateException("%s and %s are both \"%s\" in JSON; give one of them a @WireType"
                    .formatted(twin.getName(), leaf.getName(), WireTypes.kind(leaf)));
        }
        var property = property(sealed);
        if (leaf.isRecord()
                && Stream.of(leaf.getRecordComponents())
                        .anyMatch(component -> component.getName().equals(property))) {
            throw new IllegalStateException(
                    "%s has a component \"%s\", which in JSON tells the records of %s apart; rename it"
                            .formatted(leaf.getName(), property, sealed.getName()));
        }
    }
}
