import { Link } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { VerifyEmailForm } from "@/features/auth/components/verify-email-form";
import { useMailToken } from "@/features/auth/mail-token";

export function VerifyEmailRoute() {
  const token = useMailToken();
  return (
    <AuthLayout
      title="Confirm your address"
      description="So that you can get back in if you forget your password."
    >
      <VerifyEmailForm
        key={token}
        token={token}
        open={
          <Button asChild size="lg">
            <Link to="/">Open your workspace</Link>
          </Button>
        }
      />
    </AuthLayout>
  );
}
