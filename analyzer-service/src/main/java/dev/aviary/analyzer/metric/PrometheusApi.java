package dev.aviary.analyzer.metric;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Response;

/// @see <a href="https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries">Prometheus: HTTP API</a>
@Path("/api/v1")
public interface PrometheusApi extends AutoCloseable {
    /// @param query PromQL, at the server's present time
    @GET
    @Path("/query")
    Response query(@QueryParam("query") String query);

    @Override
    void close();
}
