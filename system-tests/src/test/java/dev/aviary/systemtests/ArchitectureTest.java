package dev.aviary.systemtests;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the poms can't hold. The services aren't on this class path: their classes are read from their folders.
class ArchitectureTest {
    private static final List<String> MODULES = List.of(
            "rollout-events",
            "flagger-api",
            "rollout-decisions",
            "event-log",
            "detector-service",
            "router-service",
            "analyzer-service",
            "notifier-service",
            "cli",
            "playground",
            "examples/sms-checker");

    private static final JavaClasses MAIN = read("target/classes");
    private static final JavaClasses TESTS = read("target/test-classes");

    /// Where a program, or a thing that the framework or Kafka makes by its class name, begins; and each verb of the
    /// command line.
    private static final Set<String> STARTS = Set.of(
            "dev.aviary.detector.Detector",
            "dev.aviary.router.Router",
            "dev.aviary.analyzer.Analyzer",
            "dev.aviary.notifier.alert.DeliveryListener",
            "dev.aviary.eventlog.codec.EventSerde",
            "dev.aviary.eventlog.codec.EventSerde$EventSerializer",
            "dev.aviary.cli.demo.Demo",
            "dev.aviary.cli.bench.RollbackBench");

    /// The only classes that write to a cluster, each with what it writes.
    private static final Set<String> WRITERS = Set.of(
            "dev.aviary.router.traffic.FencedWriter", // routes, workloads, Services, copies
            "dev.aviary.router.workload.DeploymentController", // a suspect pod, removed
            "dev.aviary.router.status.StatusWriter", // a Canary's status
            "dev.aviary.router.reconcile.Finalizers", // its finalizer
            "dev.aviary.notifier.channel.KubernetesEvents", // Events
            "dev.aviary.cli.PersonsWord", // a person's command or label
            "dev.aviary.cli.UpCommand", // --install-crds
            "dev.aviary.cli.pipeline.ServiceAccounts", // the demo's accounts
            "dev.aviary.cli.demo.Demo", // the demo's app
            "dev.aviary.cli.bench.RollbackBench"); // the benchmark's app

    private static final Set<String> WRITES = Set.of(
            "create",
            "createOr",
            "createOrReplace",
            "delete",
            "deletingExisting",
            "edit",
            "editStatus",
            "patch",
            "patchStatus",
            "replace",
            "replaceStatus",
            "scale",
            "serverSideApply",
            "update",
            "updateStatus");

    private static JavaClasses read(String folder) {
        var folders = MODULES.stream()
                .map(module -> Repository.ROOT.resolve(module).resolve(folder))
                .filter(path -> Files.isDirectory(path))
                .toList();
        return new ClassFileImporter().importPaths(folders);
    }

    @Test
    void everyModuleIsLookedAt() {
        assertThat(MODULES)
                .allSatisfy(module -> assertThat(Repository.ROOT.resolve(module).resolve("target/classes"))
                        .as("build all modules first, as `./mvnw verify` does")
                        .isNotEmptyDirectory());
        assertThat(Stream.of(STARTS, WRITERS).flatMap(Set::stream)).allMatch(MAIN::contain);
        assertThat(TESTS.size()).isGreaterThan(MODULES.size());
    }

    @Test
    void theClockIsReadOnlyWhereTheProgramStarts() {
        noClasses()
                .that(areNot(STARTS))
                .and(describe("aren't a verb", type -> !type.getName().matches("dev\\.aviary\\.cli\\.\\w+Command")))
                .should()
                .accessTargetWhere(calls(
                                "the machine's clock",
                                Set.of("java.time.Instant", "java.time.LocalDateTime"),
                                Set.of("now"))
                        .or(calls(
                                "the machine's clock",
                                Set.of("java.time.LocalDate", "java.time.ZonedDateTime"),
                                Set.of("now")))
                        .or(calls(
                                "the machine's clock",
                                Set.of("java.time.Clock", "java.time.InstantSource"),
                                Set.of("system", "systemUTC", "systemDefaultZone", "tick", "tickSeconds")))
                        .or(calls("the machine's clock", Set.of("java.lang.System"), Set.of("currentTimeMillis")))
                        .or(calls("the machine's clock", Set.of("java.util.Date"), Set.of("<init>"))))
                .because("time is an argument; tests turn the clock")
                .check(MAIN);
        noClasses()
                .that(resideIn("dev.aviary")
                        .and(areNotIn("dev.aviary.cli", "dev.aviary.playground", "dev.aviary.examples")))
                .should()
                .accessTargetWhere(calls("the machine's clock", Set.of("java.lang.System"), Set.of("nanoTime")))
                .because("time is an argument; tests turn the clock")
                .check(MAIN);
    }

    @Test
    void chanceIsAnArgument() {
        noClasses()
                .that(areNotIn("dev.aviary.examples"))
                .and(areNot(Set.of("dev.aviary.cli.PersonsWord"))) // a word's id may be any
                .should()
                .accessTargetWhere(calls("chance", Set.of("java.util.UUID"), Set.of("randomUUID"))
                        .or(calls("chance", Set.of("java.lang.Math", "java.lang.StrictMath"), Set.of("random")))
                        .or(calls("chance", Set.of("java.util.concurrent.ThreadLocalRandom"), Set.of("current")))
                        .or(calls("chance", Set.of("java.util.Random"), Set.of("<init>"))))
                .because("an id is derived from what it names, and a test's chance is seeded")
                .check(MAIN);
    }

    @Test
    void decisionsArePure() {
        var pure = Set.of("dev.aviary.decisions", "dev.aviary.events");
        classes()
                .that(areIn(pure))
                .should()
                .onlyDependOnClassesThat(areIn(pure)
                        .or(describe("are of the JDK's pure part", ArchitectureTest::isPureJdk))
                        .or(resideIn("org.jspecify.annotations")))
                .because("a decision has no framework, I/O, clock, thread or chance")
                .check(MAIN);
    }

    @Test
    void decisionsDontDependOnTheMachineOrTheRun() {
        noClasses()
                .that(resideIn("dev.aviary.decisions").or(resideIn("dev.aviary.events")))
                .should()
                .accessTargetWhere(describe(
                        "java.lang.Math beyond min, max, abs, clamp and exact integers",
                        access -> isOf(access, Set.of("java.lang.Math")) && !isExact(access.getTarget())))
                .orShould()
                .accessTargetWhere(calls(
                                "an order that changes from run to run",
                                Set.of("java.util.Map", "java.util.Set"),
                                Set.of("of", "ofEntries", "copyOf"))
                        .and(DescribedPredicate.not(hasAtMostOne()))
                        .or(calls(
                                "an order that changes from run to run",
                                Set.of("java.util.stream.Collectors"),
                                Set.of("toSet", "toUnmodifiableSet", "toMap", "toUnmodifiableMap", "partitioningBy")))
                        .or(calls("identity", Set.of("java.lang.System"), Set.of("identityHashCode")))
                        .or(calls(
                                "what the machine is set to",
                                Set.of("java.lang.System"),
                                Set.of("getenv", "getProperty", "lineSeparator", "currentTimeMillis", "nanoTime")))
                        .or(calls(
                                "what the machine is set to",
                                Set.of("java.util.Locale", "java.time.ZoneId", "java.util.TimeZone"),
                                Set.of("getDefault", "systemDefault")))
                        .or(calls("threads", Set.of("java.util.Collection"), Set.of("parallelStream"))))
                .because("a replay takes the same decision on another machine, bit for bit")
                .check(MAIN);
    }

    /// ArchUnit doesn't see into a format: `%d` and `%f` write a number as the machine's language does.
    @Test
    void theWordsOfADecisionAreTheSameInEveryLanguage() throws IOException {
        var number = Pattern.compile("(?<!%)%[-#+0,(]*[0-9]*(\\.[0-9]+)?[dfegx]");
        for (var module : List.of("rollout-decisions", "rollout-events")) {
            try (var sources = Files.walk(Repository.ROOT.resolve(module).resolve("src/main/java"))) {
                for (var source : sources.filter(Files::isRegularFile).toList()) {
                    assertThat(number.matcher(Files.readString(source))
                                    .results()
                                    .map(found -> found.group()))
                            .as("%s: take %%s, which doesn't ask for the machine's language", source)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void aModuleKnowsOnlyWhatItMay() {
        may("dev.aviary.events");
        may("dev.aviary.flagger", "dev.aviary.events");
        may("dev.aviary.decisions", "dev.aviary.events");
        may("dev.aviary.eventlog", "dev.aviary.events");
        for (var service : List.of("detector", "router", "analyzer", "notifier")) {
            may(
                    "dev.aviary." + service,
                    "dev.aviary.events",
                    "dev.aviary.flagger",
                    "dev.aviary.decisions",
                    "dev.aviary.eventlog");
        }
        may(
                "dev.aviary.cli",
                "dev.aviary.events",
                "dev.aviary.flagger",
                "dev.aviary.decisions",
                "dev.aviary.eventlog",
                "dev.aviary.playground");
        may("dev.aviary.playground");
        may("dev.aviary.examples");
    }

    @Test
    void onlyTheRouterAndTheReplayDecideOfARollout() {
        noClasses()
                .that(areNotIn(
                        "dev.aviary.decisions", "dev.aviary.router", "dev.aviary.analyzer", "dev.aviary.cli.replay"))
                .should()
                .accessTargetWhere(calls(
                        "a decider",
                        Set.of(
                                "dev.aviary.decisions.rollout.RolloutDecider",
                                "dev.aviary.decisions.analysis.AnalysisDecider"),
                        Set.of("decide")))
                .check(MAIN);
    }

    @Test
    void onlyTrafficWritesRoutes() {
        noClasses()
                .that(areNotIn("dev.aviary.router.traffic"))
                .and(areNot(Set.of("dev.aviary.cli.bench.RollbackBench"))) // watches when they were written
                .should()
                .dependOnClassesThat(resideIn("io.fabric8.kubernetes.api.model.gatewayapi"))
                .because("who doesn't know a route's model can't write one")
                .check(MAIN);
        noClasses()
                .that(resideIn("dev.aviary.router").and(areNotIn("dev.aviary.router.traffic")))
                .or(resideIn("dev.aviary.analyzer")
                        .and(areNot(Set.of("dev.aviary.analyzer.live.Monitors")))) // reads PodMonitors and their like
                .or(resideIn("dev.aviary.notifier"))
                .should()
                .dependOnClassesThat(describe(
                        "GenericKubernetesResource",
                        type -> type.getName().equals("io.fabric8.kubernetes.api.model.GenericKubernetesResource")))
                .because("Istio's routes have no model of their own")
                .check(MAIN);
        noClasses()
                .that(areNotIn("dev.aviary.router.traffic", "dev.aviary.router.reconcile"))
                .should()
                .accessTargetWhere(calls(
                        "a route's weights",
                        Set.of("dev.aviary.router.traffic.TrafficRouter"),
                        Set.of("shift", "restore")))
                .because("only the reconciler has traffic moved")
                .check(MAIN);
    }

    @Test
    void theClusterIsWrittenInFewPlaces() {
        noClasses()
                .that(areNot(WRITERS))
                .and(areNotIn("dev.aviary.playground"))
                .should()
                .accessTargetWhere(describe(
                        "a write to the cluster",
                        access -> access.getTargetOwner().getName().startsWith("io.fabric8.kubernetes.client")
                                && WRITES.contains(access.getName())))
                .because("what the router owns is written with a fence, and the others write hardly anything")
                .check(MAIN);
    }

    @Test
    void noTestSleeps() {
        noClasses()
                .that(areNot(Set.of(
                        "dev.aviary.playground.PlaygroundIT", // looks again until a deadline
                        "dev.aviary.examples.smschecker.LoadIT"))) // starts the app, which may pause
                .and(describe("aren't JMH's", type -> !type.getPackageName().endsWith(".jmh_generated")))
                .should()
                .accessTargetWhere(
                        calls("a sleep", Set.of("java.lang.Thread", "java.util.concurrent.TimeUnit"), Set.of("sleep"))
                                .or(calls(
                                        "a sleep",
                                        Set.of("java.util.concurrent.locks.LockSupport"),
                                        Set.of("parkNanos", "parkUntil"))))
                .because("a test turns the clock, or waits for a condition with a deadline")
                .check(TESTS);
        noClasses()
                .should()
                .accessTargetWhere(
                        calls("a sleep", Set.of("java.lang.Thread", "java.util.concurrent.TimeUnit"), Set.of("sleep")))
                .check(new ClassFileImporter().importPackages("dev.aviary.systemtests"));
    }

    private static void may(String module, String... others) {
        var known = new TreeSet<>(Set.of(others));
        known.add(module);
        noClasses()
                .that(resideIn(module))
                .should()
                .dependOnClassesThat(resideIn("dev.aviary").and(DescribedPredicate.not(areIn(known))))
                .because("CONTRIBUTING.md says who may depend on whom")
                .check(MAIN);
    }

    private static DescribedPredicate<JavaClass> resideIn(String root) {
        return describe("are in " + root, type -> isIn(type, root));
    }

    private static DescribedPredicate<JavaClass> areIn(Set<String> roots) {
        return describe("are in " + roots, type -> roots.stream().anyMatch(root -> isIn(type, root)));
    }

    private static DescribedPredicate<JavaClass> areNotIn(String... roots) {
        return describe("are not in " + List.of(roots), type -> Stream.of(roots).noneMatch(root -> isIn(type, root)));
    }

    private static boolean isIn(JavaClass type, String root) {
        var name = type.getBaseComponentType().getPackageName();
        return name.equals(root) || name.startsWith(root + ".");
    }

    /// Neither these classes nor what is written inside them.
    private static DescribedPredicate<JavaClass> areNot(Set<String> names) {
        return describe(
                "aren't one of " + new TreeSet<>(names),
                type -> names.stream()
                        .noneMatch(name ->
                                type.getName().equals(name) || type.getName().startsWith(name + "$")));
    }

    private static DescribedPredicate<JavaAccess<?>> calls(String what, Set<String> owners, Set<String> methods) {
        return describe(
                what + ": " + new TreeSet<>(owners) + " " + new TreeSet<>(methods),
                access -> isOf(access, owners) && methods.contains(access.getName()));
    }

    /// `Map.of()`, `Map.of(key, value)`, `Set.of(one)`: there is only one order.
    private static DescribedPredicate<JavaAccess<?>> hasAtMostOne() {
        return describe(
                "holds at most one",
                access -> access.getName().equals("of")
                        && access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget method
                        && method.getRawParameterTypes().stream().noneMatch(JavaClass::isArray)
                        && method.getRawParameterTypes().size() <= (isOf(access, Set.of("java.util.Map")) ? 2 : 1));
    }

    private static boolean isOf(JavaAccess<?> access, Set<String> owners) {
        return owners.contains(access.getTargetOwner().getName());
    }

    private static boolean isExact(AccessTarget method) {
        return Set.of("min", "max", "abs", "clamp", "floorDiv", "floorMod", "ceilDiv")
                        .contains(method.getName())
                || method.getName().endsWith("Exact");
    }

    private static boolean isPureJdk(JavaClass type) {
        var name = type.getBaseComponentType().getName();
        return type.getBaseComponentType().isPrimitive()
                || Stream.of(
                                        "java.lang.",
                                        "java.math.",
                                        "java.time.",
                                        "java.util.",
                                        "java.nio.charset.",
                                        "java.security.MessageDigest",
                                        "java.security.NoSuchAlgorithmException")
                                .anyMatch(name::startsWith)
                        && Stream.of(
                                        "java.lang.Thread",
                                        "java.lang.Process",
                                        "java.lang.Runtime$",
                                        "java.lang.reflect.",
                                        "java.time.Clock",
                                        "java.time.InstantSource",
                                        "java.util.HashMap",
                                        "java.util.HashSet",
                                        "java.util.IdentityHashMap",
                                        "java.util.WeakHashMap",
                                        "java.util.Random",
                                        "java.util.SplittableRandom",
                                        "java.util.Timer",
                                        "java.util.Date",
                                        "java.util.concurrent.",
                                        "java.util.logging.",
                                        "java.util.prefs.")
                                .noneMatch((name + "$")::startsWith);
    }
}
