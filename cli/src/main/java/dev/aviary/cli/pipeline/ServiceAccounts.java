package dev.aviary.cli.pipeline;

import dev.aviary.cli.Kube;
import dev.aviary.cli.Problem;
import io.fabric8.kubernetes.api.model.ConfigBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Lets each service run with its own ServiceAccount's rights outside of the cluster too, so that what `k8s/base`
/// grants is what it really needs.
public final class ServiceAccounts {
    /// Where `k8s/base` puts them.
    public static final String NAMESPACE = "aviary-system";

    private static final Duration VALID = Duration.ofHours(24);

    private ServiceAccounts() {}

    /// Applies each service's account and roles and asks for a token.
    ///
    /// @param admin   with the right to grant what the roles grant
    /// @param folder  there the kubeconfigs are written, for their owner's eyes only
    /// @param k8sBase the repository's `k8s/base`
    /// @return by the service's name, as [Pipeline.Settings#kubeconfigs] takes them
    /// @throws Problem if the API server refuses, or a file can't be read or written
    public static Map<String, Path> kubeconfigs(KubernetesClient admin, Path folder, Path k8sBase) {
        try {
            Files.createDirectories(folder);
            apply(admin, k8sBase.resolve("namespace.yaml"));
            var kubeconfigs = new TreeMap<String, Path>();
            for (var service : Pipeline.SERVICES) {
                apply(admin, k8sBase.resolve(service).resolve("serviceaccount.yaml"));
                apply(admin, k8sBase.resolve(service).resolve("role.yaml"));
                var file = folder.resolve(service + ".kubeconfig");
                writePrivately(file, Serialization.asYaml(kubeconfig(admin, service, token(admin, service))));
                kubeconfigs.put(service, file);
            }
            return kubeconfigs;
        } catch (IOException e) {
            throw new Problem("the services' kubeconfigs can't be made: %s.".formatted(e.getMessage()));
        } catch (KubernetesClientException e) {
            throw Kube.problem(e, "the API server, asked for the services' accounts,");
        }
    }

    private static void apply(KubernetesClient admin, Path file) throws IOException {
        try (var text = Files.newInputStream(file)) {
            for (var object : admin.load(text).items()) {
                admin.resource(object).fieldManager("aviary").forceConflicts().serverSideApply();
            }
        }
    }

    private static String token(KubernetesClient admin, String service) {
        var request = new TokenRequestBuilder()
                .withNewSpec()
                .withExpirationSeconds(VALID.toSeconds())
                .endSpec()
                .build();
        return admin.serviceAccounts()
                .inNamespace(NAMESPACE)
                .withName(service)
                .tokenRequest(request)
                .getStatus()
                .getToken();
    }

    private static io.fabric8.kubernetes.api.model.Config kubeconfig(
            KubernetesClient admin, String service, String token) throws IOException {
        return new ConfigBuilder()
                .withApiVersion("v1")
                .withKind("Config")
                .addNewCluster()
                .withName("cluster")
                .withNewCluster()
                .withServer(admin.getMasterUrl().toString())
                .withCertificateAuthorityData(authority(admin).orElse(null))
                .endCluster()
                .endCluster()
                .addNewUser()
                .withName(service)
                .withNewUser()
                .withToken(token)
                .endUser()
                .endUser()
                .addNewContext()
                .withName(service)
                .withNewContext()
                .withCluster("cluster")
                .withUser(service)
                .withNamespace(NAMESPACE)
                .endContext()
                .endContext()
                .withCurrentContext(service)
                .build();
    }

    private static Optional<String> authority(KubernetesClient admin) throws IOException {
        var config = admin.getConfiguration();
        if (config.getCaCertData() != null || config.getCaCertFile() == null) {
            return Optional.ofNullable(config.getCaCertData());
        }
        return Optional.of(Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(config.getCaCertFile()))));
    }

    private static void writePrivately(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
    }
}
