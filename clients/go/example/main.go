// Asks the demo model a sum, then streams a story as it is made.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"assay"
)

func main() {
	server := os.Getenv("ASSAY_SERVER")
	if server == "" {
		server = "tcp://127.0.0.1:7411"
	}
	client, err := assay.NewClient(server)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	sum, err := client.Generate(ctx, assay.GenerateRequest{
		Prompt: assay.Ptr("317+485="), MaxTokens: 8,
	})
	if err != nil {
		log.Fatal(err) // an *assay.Error: see Errors below
	}
	fmt.Printf("317+485=%s (%s, %s)\n", sum.Text, sum.Provenance, sum.Answer.Model)

	story, err := client.GenerateStream(ctx, assay.GenerateRequest{
		Prompt: assay.Ptr("Once upon a time"), MaxTokens: 48,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer story.Close()
	for story.Next() {
		fmt.Print(story.Chunk().Text)
	}
	whole, err := story.Result()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\n(%d tokens, %s, %d us)\n", whole.CompletionTokens, whole.Provenance,
		whole.Answer.Timing.Total)
}
