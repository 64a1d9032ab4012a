package dev.aviary.flagger;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/// Where a Canary's alerts go.
///
/// @see <a href="https://docs.flagger.app/usage/alerting">Flagger: alerting</a>
@Group("flagger.app")
@Version("v1beta1")
@Kind("AlertProvider")
@Plural("alertproviders")
@Singular("alertprovider")
public class AlertProvider extends CustomResource<AlertProvider.Spec, NoStatus> implements Namespaced {
    @Override
    protected @Nullable Spec initSpec() {
        return null;
    }

    @Override
    protected @Nullable NoStatus initStatus() {
        return null;
    }

    /// Exactly one of `address` and `secretRef`.
    ///
    /// @param type      such as `slack`
    /// @param channel   absent: general
    /// @param username  absent: flagger
    /// @param secretRef a Secret in the AlertProvider's namespace: `address`, and `token` if there is one
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Spec(
            @Required @Nullable String type,
            @Nullable String channel,
            @Nullable String username,
            @Nullable String address,
            @Nullable String proxy,
            @Nullable SecretRef secretRef) {}
}
