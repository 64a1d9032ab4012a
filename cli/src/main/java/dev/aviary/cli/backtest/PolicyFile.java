package dev.aviary.cli.backtest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.aviary.cli.Problem;
import dev.aviary.events.Policy;
import dev.aviary.flagger.Policies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A policy in YAML, of which JSON is a part.
public final class PolicyFile {
    private static final YAMLMapper YAML = new YAMLMapper();

    private PolicyFile() {}

    /// @throws Problem if it can't be read, or makes no sense
    public static Policy read(Path file) {
        try {
            var tree = YAML.readTree(Files.readString(file));
            if (tree.isMissingNode() || tree.isNull()) {
                throw new Problem("%s is empty: a policy says what it changes.".formatted(file));
            }
            return Policies.read(YAML.treeToValue(tree, Object.class));
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new Problem(
                    "%s, line %d: this isn't YAML.".formatted(file, at == null ? 1 : Integer.max(at.getLineNr(), 1)));
        } catch (IOException e) {
            throw new Problem("the policy %s can't be read.".formatted(file));
        } catch (IllegalArgumentException e) {
            throw new Problem("%s: %s.".formatted(file, e.getMessage()));
        }
    }
}
