// Go's own client, with one connection kept.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	job, err := os.Open(os.Args[1])
	check(err)
	for lines := bufio.NewScanner(job); lines.Scan(); {
		question := strings.Split(lines.Text(), "\t")
		content, err := os.ReadFile(question[3])
		check(err)
		var body io.Reader = bytes.NewReader(content)
		if question[2] == "streamed" {
			body = io.MultiReader(body) // of unknown length
		}
		request, err := http.NewRequest(http.MethodPost, question[0], body)
		check(err)
		request.Header.Set("Content-Type", question[1])
		answer, err := http.DefaultClient.Do(request)
		check(err)
		told, err := io.ReadAll(answer.Body)
		check(err)
		check(answer.Body.Close())
		check(os.WriteFile(question[4], told, 0o600))
		fmt.Println(answer.StatusCode)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
