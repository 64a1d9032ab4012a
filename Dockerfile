# One image per service, from what Maven built:
#   ./mvnw package -DskipTests && docker build --build-arg SERVICE=router -t aviary/router:0.1.0 .
# Not built by any test yet: running on containers is a later step.
FROM eclipse-temurin:25-jre
ARG SERVICE
RUN mkdir -m 1777 /var/lib/aviary
WORKDIR /opt/aviary
COPY ${SERVICE}-service/target/quarkus-app/ ./
USER 10001:10001
EXPOSE 8080
ENV JAVA_TOOL_OPTIONS="-XX:+UseSerialGC -XX:MaxRAMPercentage=60 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
ENTRYPOINT ["java", "-jar", "quarkus-run.jar"]
