import { Link } from "@tanstack/react-router";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { useVerifyEmail } from "@/features/auth/api/verify-email";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { useMailToken } from "@/features/auth/mail-token";

/** A button and not at once: programs that look at mails open links, and must not use them up. */
export function VerifyEmailRoute() {
  const token = useMailToken();
  const verify = useVerifyEmail();
  return (
    <AuthLayout
      title="Confirm your address"
      description="So that you can get back in if you forget your password."
      footer={
        <Link to="/" className="font-medium text-primary hover:underline">
          Open your workspace
        </Link>
      }
    >
      {verify.isSuccess ? (
        <p role="status" className="text-sm">
          Thank you: your address is confirmed.
        </p>
      ) : (
        <div className="grid gap-4">
          {verify.error && <ErrorState error={verify.error} />}
          <Button size="lg" pending={verify.isPending} onClick={() => verify.mutate(token)}>
            Confirm this address
          </Button>
        </div>
      )}
    </AuthLayout>
  );
}
