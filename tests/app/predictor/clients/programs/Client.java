import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;

/** Java's own client as it is: of a server without TLS it asks for HTTP/2 by an upgrade, with each new connection. */
public class Client {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] question = line.split("\t");
            Path body = Path.of(question[3]);
            boolean isStreamed = question[2].equals("streamed");
            BodyPublisher publisher = isStreamed
                ? BodyPublishers.ofInputStream(() -> open(body))
                : BodyPublishers.ofFile(body);
            HttpRequest request = HttpRequest.newBuilder(URI.create(question[0]))
                .header("Content-Type", question[1])
                .expectContinue(isStreamed)
                .POST(publisher)
                .build();
            System.out.println(client.send(request, BodyHandlers.ofFile(Path.of(question[4]))).statusCode());
        }
    }

    private static java.io.InputStream open(Path path) {
        try {
            return Files.newInputStream(path);
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }
}
